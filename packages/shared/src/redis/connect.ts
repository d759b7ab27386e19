import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import { isPassing } from './outage.ts'
import { readUnixAddress } from './unix-address.ts'

export type { Redis } from 'ioredis'

const retryStrategy = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 10), 2000)

/** Answers or fails within 2 s: a request must not hang because Redis is gone or frozen. */
const impatient = {
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  commandTimeout: 2000,
  retryStrategy,
} as const satisfies RedisOptions

/**
 * A line can be dead without a word: whoever forgot it on the way (a firewall, a host that is gone) says nothing, and TCP
 * gives up only after a quarter of an hour. So we ask every few seconds, and whoever does not answer is called anew. A
 * command that was not answered is then sent again: each of ours bears that.
 */
const mostSilenceMs = 10_000
const pulseMs = 5000

/** How long after a refusal a command is sent again. */
const afterRefusalMs = 500
/** Refusals that follow each other sooner are one outage, which is said once. */
const quietMs = 10_000

/**
 * Waits for Redis as long as it takes, also for one that is there and takes no writes: a deploy that runs has nothing
 * better to do. A refused command is sent again over a new connection, which ioredis does by itself when told `2`.
 */
function patient(logger: Logger) {
  let isRefused = false
  let refusedAt = -Infinity
  return {
    maxRetriesPerRequest: null,
    reconnectOnError(error: Error): 2 | false {
      isRefused = isPassing(error)
      if (!isRefused) return false
      if (Date.now() - refusedAt > quietMs)
        logger.warn({ reason: error.message }, 'Redis refuses a command; trying again')
      refusedAt = Date.now()
      return 2
    },
    retryStrategy(attempt: number) {
      if (!isRefused) return retryStrategy(attempt)
      isRefused = false
      return afterRefusalMs
    },
  } as const satisfies RedisOptions
}

export type Patience = 'patient' | 'impatient'

/** `url`: `redis://…`, `rediss://…` or `unix:///path/to/socket`. The connection is made in the background. */
export function connectRedis(url: string, patience: Patience, logger: Logger): Redis {
  const options = {
    ...(patience === 'patient' ? patient(logger) : impatient),
    socketTimeout: mostSilenceMs,
    // A user with few rights may not name its library, and each attempt would be logged by Redis.
    disableClientInfo: true,
  }
  const address = readUnixAddress(url)
  const redis = address ? new Redis({ ...options, ...address }) : new Redis(url, options)
  reportOutages(redis, logger)
  keepPulse(redis)
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

/** A connection that only listens, or has nothing to say, would never notice that its line is dead. */
function keepPulse(redis: Redis) {
  const pulse = setInterval(() => {
    if (redis.status !== 'ready') return
    redis.ping().catch(() => {
      // Also a refusal is an answer; and without one the connection is made anew.
    })
  }, pulseMs).unref()
  redis.once('end', () => clearInterval(pulse))
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
