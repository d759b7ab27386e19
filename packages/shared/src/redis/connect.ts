import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from 'pino'

export type { Redis } from 'ioredis'

const retryStrategy = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 10), 2000)

/** Answers or fails within 2 s: a request must not hang because Redis is gone or frozen. */
const impatient = {
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  commandTimeout: 2000,
  retryStrategy,
} as const satisfies RedisOptions

/** Waits for Redis as long as it takes: a deploy that runs has nothing better to do. */
const patient = { maxRetriesPerRequest: null, retryStrategy } as const satisfies RedisOptions

export type Patience = 'patient' | 'impatient'

/** `url`: `redis://…`, `rediss://…` or `unix:///path/to/socket`. The connection is made in the background. */
export function connectRedis(url: string, patience: Patience, logger: Logger): Redis {
  const options = patience === 'patient' ? patient : impatient
  const redis = url.startsWith('unix://')
    ? new Redis({ ...options, path: url.slice('unix://'.length) })
    : new Redis(url, options)
  reportOutages(redis, logger)
  return redis
}

const mostAttemptMs = 2000

/** Resolves when the first attempt to connect has succeeded or failed: then it is known whether Redis is there. */
export async function firstAttempt(redis: Redis): Promise<void> {
  if (redis.status === 'ready') return
  const signal = AbortSignal.timeout(mostAttemptMs)
  await new Promise<void>((resolve) => {
    for (const event of ['ready', 'close'] as const) redis.once(event, resolve)
    signal.addEventListener('abort', () => resolve())
  })
}

function reportOutages(redis: Redis, logger: Logger) {
  let isAway = false
  redis.on('error', (error: Error) => {
    if (!isAway) logger.warn({ reason: error.message || error.name }, 'Redis is away; trying again')
    isAway = true
  })
  redis.on('ready', () => {
    if (isAway) logger.info('Redis is back')
    isAway = false
  })
}
