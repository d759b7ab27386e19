import { startApi, type ApiOptions } from '@redeployster/api/main'
import { readBundle } from '@redeployster/client/read-bundle'
import { readEnv, type Env } from '@redeployster/shared/runtime/env'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { checkRedis, placeOf } from './check-redis.ts'
import { apart, type Settled } from './configuration.ts'
import { defined } from './defined.ts'
import { runParts } from './parts.ts'
import { untilAnswered } from './until-answered.ts'

export const mostApiStoppingMs = 5000

/** `redeployster api`: what the internet reaches, without Docker. */
export async function api(source: NodeJS.ProcessEnv): Promise<void> {
  const env = readEnv(source, { needs: apart, writesState: false })
  const logger = createLogger(env.LOG_LEVEL)
  await runParts(logger, async (add) => {
    const checking = checkRedis(env.REDIS_URL, placeOf(env.REDIS_URL), logger)
    await untilAnswered(checking)
    const running = await startApi(apiOptions(env), logger)
    add({ name: 'api', running, mostStoppingMs: mostApiStoppingMs })
    await checking
  })
}

export function apiOptions(env: Settled): ApiOptions {
  return {
    redisUrl: env.REDIS_URL,
    secret: env.REDEPLOYSTER_SECRET,
    listen: env.LISTEN,
    port: env.PORT,
    startByMs: env.START_BY,
    limits: limitsOf(env),
    client: readBundle(),
    ...defined({ adminToken: env.REDEPLOYSTER_ADMIN_TOKEN }),
  }
}

/** What an API grants, out of its environment. */
export function limitsOf(env: Env): ApiOptions['limits'] {
  return {
    failedAuths: env.FAILED_AUTH_LIMIT,
    trustProxy: env.TRUST_PROXY,
    streams: env.MAX_STREAMS,
    streamsPerService: env.MAX_STREAMS_PER_SERVICE,
    waitingJobs: env.MAX_WAITING_JOBS,
    requestTimeoutMs: env.REQUEST_TIMEOUT,
    readTimeoutMs: env.READ_TIMEOUT,
  }
}
