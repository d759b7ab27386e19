import { reservedNames } from '@redeployster/shared/contract/service'
import { Hono } from 'hono'
import { requestId } from 'hono/request-id'
import { cancelJob } from './cancel.ts'
import { showClient } from './client-file.ts'
import { deploy } from './deploy.ts'
import { freezeService, showFreeze, unfreezeService } from './freeze.ts'
import { showHealth, showReadiness } from './health.ts'
import { listJobs } from './history.ts'
import { showJob, showLog } from './job.ts'
import { logRequests } from './log-requests.ts'
import type { ApiEnv, Handler, Parts } from './parts.ts'
import { problem } from './problem.ts'
import { answerError } from './answer-error.ts'
import { refuseOddTargets } from './refuse-odd-targets.ts'
import { listServices } from './services.ts'
import { showVerdict } from './verdict.ts'

type Methods = Readonly<Record<string, Handler>>

/** Every route; whoever wants to know what the API can do starts here. */
export function createApp(parts: Parts): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()
  app.use(requestId(), logRequests(parts), refuseOddTargets())
  app.onError((error, c) => answerError(c, parts, error))
  app.notFound(noSuchRoute)

  at(app, '/healthz', { GET: showHealth })
  at(app, '/readyz', { GET: showReadiness(parts) })
  at(app, '/services', { GET: listServices(parts) })
  at(app, '/services/:project/:service/freeze', {
    GET: showFreeze(parts),
    PUT: freezeService(parts),
    DELETE: unfreezeService(parts),
  })
  at(app, '/jobs', { GET: listJobs(parts) })
  at(app, '/jobs/:id', { GET: showJob(parts), DELETE: cancelJob(parts) })
  at(app, '/jobs/:id/log', { GET: showLog(parts) })
  at(app, '/jobs/:id/verdict', { GET: showVerdict(parts), POST: showVerdict(parts) })
  at(app, '/client.mjs', { GET: showClient(parts) })

  // The names that we keep for ourselves are never services, also where we have no route (yet).
  for (const name of reservedNames) app.all(`/${name}`, noSuchRoute).all(`/${name}/:rest`, noSuchRoute)
  at(app, '/:service', { POST: deploy(parts) })
  at(app, '/:project/:service', { POST: deploy(parts) })
  return app
}

/** The path alone decides which methods there are, so 405 tells a stranger nothing. What can be got has a HEAD, too. */
function at(app: Hono<ApiEnv>, path: string, given: Methods) {
  const methods: Methods = given.GET ? { ...given, HEAD: given.GET } : given
  app.all(path, (c) => {
    const handle = methods[c.req.method]
    return handle ? handle(c) : methodNotAllowed(c, Object.keys(methods))
  })
}

const noSuchRoute: Handler = (c) =>
  problem(
    c,
    'no_such_route',
    'There is nothing at this path. To deploy, POST /<service> or /<project>/<service>.',
  )

function methodNotAllowed(c: Parameters<Handler>[0], allowed: readonly string[]): Response {
  const Allow = allowed.join(', ')
  return problem(c, 'method_not_allowed', `This path takes ${Allow} only.`, { headers: { Allow } })
}
