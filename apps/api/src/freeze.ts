import type { FrozenKey } from '@redeployster/shared/contract/freeze'
import { RefusedError } from '@redeployster/shared/contract/errors'
import { projectName, qualifiedName, serviceName } from '@redeployster/shared/contract/service'
import type { Context } from 'hono'
import { answerJson } from './answer-json.ts'
import { identify, unauthorized, type Caller } from './authenticate.ts'
import { findOwn } from './find-service.ts'
import type { ApiEnv, Handler, Parts } from './parts.ts'
import { readBody } from './read-body.ts'
import { readFreeze } from './read-freeze.ts'

/** `PUT /services/:project/:service/freeze`: from now on it is not deployed; a freeze that holds is replaced. */
export function freezeService(parts: Parts): Handler {
  return async (c) => {
    const body = await readBody(c.env.incoming)
    const caller = await identify(c.req.header('Authorization'), parts)
    const service = await knownService(c, parts, caller)
    if (!caller.isAdmin) throw adminOnly(parts)
    const freeze = readFreeze(body, new Date())
    await parts.freezes.put(service, freeze)
    parts.logger.info({ service: qualifiedName(service), ...freeze }, 'Frozen')
    return answerJson(c, freeze)
  }
}

/** `DELETE /services/:project/:service/freeze`: it may be deployed again, also if it was never frozen. */
export function unfreezeService(parts: Parts): Handler {
  return async (c) => {
    await readBody(c.env.incoming)
    const caller = await identify(c.req.header('Authorization'), parts)
    const service = await namedService(c, parts, caller)
    if (!caller.isAdmin) throw adminOnly(parts)
    await parts.freezes.lift(service)
    parts.logger.info({ service: qualifiedName(service) }, 'Unfrozen')
    return c.body(null, 204, { 'Cache-Control': 'no-store' })
  }
}

/** `GET /services/:project/:service/freeze`: the freeze that holds now. */
export function showFreeze(parts: Parts): Handler {
  return async (c) => {
    const caller = await identify(c.req.header('Authorization'), parts)
    const service = await namedService(c, parts, caller)
    const freeze = await parts.freezes.find(service)
    if (!freeze) throw notFrozen(service)
    return answerJson(c, freeze)
  }
}

/** A service of the catalogue that the caller may deploy: a slip of the pen must not freeze what is not there. */
async function knownService(c: Context<ApiEnv>, parts: Parts, caller: Caller): Promise<FrozenKey> {
  const { own } = await findOwn(parts, caller, {
    project: c.req.param('project'),
    service: c.req.param('service') ?? '',
  })
  return own[0]
}

/** The freeze of a service that nobody remembers can still be found and lifted, and while no worker is there. */
async function namedService(c: Context<ApiEnv>, parts: Parts, caller: Caller): Promise<FrozenKey> {
  if (!caller.isAdmin) return knownService(c, parts, caller)
  const project = projectName.safeParse(c.req.param('project'))
  const service = serviceName.safeParse(c.req.param('service'))
  if (!project.success || !service.success) throw unauthorized()
  return { project: project.data, service: service.data }
}

function adminOnly({ hasAdmin }: Parts) {
  const how = hasAdmin
    ? 'Send the token that the API has as REDEPLOYSTER_ADMIN_TOKEN.'
    : 'There is none yet: set REDEPLOYSTER_ADMIN_TOKEN for the API and the worker, and restart them.'
  return new RefusedError(
    'admin_only',
    `The token of a service deploys it, but only the admin token freezes it or lifts a freeze. ${how}`,
  )
}

function notFrozen(service: FrozenKey) {
  return new RefusedError('not_frozen', `${qualifiedName(service)} is not frozen. It can be deployed.`)
}
