import { readEnv, type Env } from '@redeployster/shared/runtime/env'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { startWorker, type WorkerOptions } from '@redeployster/worker/main'
import type { ToolOptions } from '@redeployster/worker/tools'
import { checkRedis, placeOf } from './check-redis.ts'
import { apart, type Settled } from './configuration.ts'
import { defined } from './defined.ts'
import { runParts } from './parts.ts'
import { makeStateFolder } from './state-folder.ts'
import { untilAnswered } from './until-answered.ts'

export const mostWorkerStoppingMs = 2000

/** `redeployster worker`: the one of this host, which runs the deploys. */
export async function worker(source: NodeJS.ProcessEnv): Promise<void> {
  const env = readEnv(source, { needs: apart, writesState: true })
  const logger = createLogger(env.LOG_LEVEL)
  await makeStateFolder(env.STATE_DIR)
  await runParts(logger, async (add) => {
    const checking = checkRedis(env.REDIS_URL, placeOf(env.REDIS_URL), logger)
    await untilAnswered(checking)
    const running = await startWorker(workerOptions(env, source), logger)
    add({ name: 'worker', running, mostStoppingMs: mostWorkerStoppingMs })
    await checking
  })
}

/** `source` as for `toolOptions`. */
export function workerOptions(env: Settled, source: NodeJS.ProcessEnv): WorkerOptions {
  return {
    redisUrl: env.REDIS_URL,
    secret: env.REDEPLOYSTER_SECRET,
    stateDir: env.STATE_DIR,
    hostName: env.HOST_NAME,
    maxParallelDeploys: env.MAX_PARALLEL_DEPLOYS,
    deployTimeoutMs: env.DEPLOY_TIMEOUT,
    mostLogBytes: env.MAX_LOG,
    history: { logBytes: env.KEEP_LOGS, jobsPerService: env.KEEP_JOBS, days: env.KEEP_DAYS },
    ...toolOptions(env, source),
    ...defined({
      adminToken: env.REDEPLOYSTER_ADMIN_TOKEN,
      projectRoots: env.PROJECT_ROOTS,
      publicUrl: env.PUBLIC_URL,
    }),
  }
}

/** `source` is the whole environment, of which Compose gets a part. */
export function toolOptions(env: Env, source: NodeJS.ProcessEnv): ToolOptions {
  const { DOCKER_HOST: dockerHost, COMPOSE_COMMAND: composeCommand } = env
  return { env: source, passEnv: env.PASS_ENV, ...defined({ dockerHost, composeCommand }) }
}
