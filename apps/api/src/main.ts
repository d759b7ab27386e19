import { setMaxListeners } from 'node:events'
import { createCatalogueReader } from '@redeployster/shared/catalogue/redis-catalogue'
import { shareLookups } from '@redeployster/shared/catalogue/share-lookups'
import { createFreezes } from '@redeployster/shared/freezes/redis-freezes'
import { createJobs } from '@redeployster/shared/jobs/redis-jobs'
import { createLogReader } from '@redeployster/shared/log/redis-log-reader'
import { createVerifier } from '@redeployster/shared/oidc/verifier'
import { createRequestQueue } from '@redeployster/shared/queue/bullmq-request-queue'
import { connectRedis, firstAttempt } from '@redeployster/shared/redis/connect'
import type { Logger } from '@redeployster/shared/runtime/logger'
import type { Running } from '@redeployster/shared/runtime/shutdown'
import { createApp } from './app.ts'
import { createSecrets } from './authenticate.ts'
import type { ClientFile } from './client-file.ts'
import { closerOf } from './close-server.ts'
import { cutSlowReaders } from './cut-slow-readers.ts'
import { createFailedAuths } from './failed-auths.ts'
import { createHeldStreams } from './held-streams.ts'
import { mostHeldSeconds } from './hold.ts'
import type { Limits } from './limits.ts'
import { listen, portOf } from './listen.ts'

export interface ApiOptions {
  readonly redisUrl: string
  readonly secret: string
  readonly adminToken?: string
  readonly listen: string
  readonly port: number
  readonly startByMs: number
  readonly limits: Limits
  readonly holdMs?: number
  /** What `GET /client.mjs` serves, if it was built. */
  readonly client?: ClientFile | undefined
}

/** Connects, listens, and says how to stop. When Redis is away it listens all the same, and is unready. */
export async function startApi(
  options: ApiOptions,
  logger: Logger,
): Promise<Running & { readonly port: number }> {
  const { redisUrl, secret, adminToken, startByMs } = options
  const redis = connectRedis(redisUrl, 'impatient', logger)
  const subscriber = connectRedis(redisUrl, 'patient', logger)
  const disconnect = () => {
    redis.disconnect()
    subscriber.disconnect()
  }
  const stopping = new AbortController()
  // Every stream listens for it.
  setMaxListeners(0, stopping.signal)

  const app = createApp({
    ...createSecrets(secret, adminToken),
    startByMs,
    holdMs: options.holdMs ?? mostHeldSeconds * 1000,
    mostWaitingJobs: options.limits.waitingJobs,
    catalogue: shareLookups(createCatalogueReader(redis)),
    queue: createRequestQueue(redis),
    jobs: createJobs(redis),
    log: createLogReader(redis, subscriber),
    freezes: createFreezes(redis),
    verifier: createVerifier(),
    failedAuths: createFailedAuths(redis, options.limits, logger),
    streams: createHeldStreams(options.limits),
    stopping: stopping.signal,
    client: options.client,
    making: new Map(),
    joining: new Map(),
    logger,
  })

  // Else the very first requests would be told that Redis is away.
  await firstAttempt(redis)
  const server = await listen(app, options).catch((error: unknown) => {
    disconnect()
    throw error
  })
  cutSlowReaders(server, options.limits.readTimeoutMs, logger)
  const close = closerOf(server)
  logger.info({ listen: options.listen, port: portOf(server) }, 'API listens')

  return {
    port: portOf(server),
    async stop() {
      stopping.abort()
      await close()
      disconnect()
      logger.info('API stopped')
    },
  }
}
