import { connectRedis, firstAttempt, type Redis } from '@redeployster/shared/redis/connect'
import { ConfigError } from '@redeployster/shared/runtime/env'
import { createLogger, type Logger } from '@redeployster/shared/runtime/logger'
import { missingRights } from './check-rights.ts'

export interface FoundRedis {
  /** `Valkey 8.1.1`, say. */
  readonly version: string
  /** How it keeps its data, in the words of its configuration; nothing when we may not ask. */
  readonly keeping: string | undefined
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * Looks at the Redis as soon as it answers for the first time, and says what it found. Rejects with a `ConfigError`
 * when nothing can work with it; one that is away is waited for, since it may come back.
 */
export async function checkRedis(url: string, place: string, logger: Logger): Promise<void> {
  // The API and the worker say themselves that Redis is away.
  const redis = connectRedis(url, 'impatient', createLogger('silent'))
  try {
    const { version, problems, warnings } = await firstAnswer(redis)
    if (problems.length > 0) throw new ConfigError(problems)
    logger.info(`${version} ${place}`)
    for (const warning of warnings) logger.warn(warning)
  } finally {
    redis.disconnect()
  }
}

/** Looks at a Redis once. Rejects with a reason when it does not answer in time, or does not let us in. */
export async function lookAtRedis(url: string): Promise<FoundRedis> {
  const redis = connectRedis(url, 'impatient', createLogger('silent'))
  let reason = 'no answer'
  redis.on('error', (error: Error) => (reason = error.message || error.name))
  const failed = firstAttempt(redis).then(() => {
    if (redis.status !== 'ready') throw new Error(`Redis is away (${reason})`)
    return new Promise<never>(() => {})
  })
  try {
    return await Promise.race([firstAnswer(redis), failed])
  } finally {
    redis.disconnect()
  }
}

/** What it is, as soon as it answers for the first time. Rejects when it never will let us in. */
function firstAnswer(redis: Redis): Promise<FoundRedis> {
  return new Promise((resolve, reject) => {
    redis.on('error', (error) => {
      const problem = explainRefusal(error.message)
      if (problem) reject(new ConfigError([problem]))
    })
    redis.on('ready', () => {
      Promise.all([judge(redis), missingRights(redis)]).then(
        ([found, missing]) => resolve({ ...found, problems: [...found.problems, ...missing.map(lacking)] }),
        reject,
      )
    })
  })
}

function judge(redis: Redis): Promise<FoundRedis> {
  return redis.info().then(judgeRedis, (error: Error) => unjudged(error.message))
}

function lacking(reason: string): string {
  return `REDIS_URL: Redis does not let this user work (${reason}); give it the rights that docs/redis.acl lists`
}

/** What `INFO` says about a server that might lose jobs, or lack a command we use. */
export function judgeRedis(info: string): FoundRedis {
  const facts = new Map(info.split(/\r?\n/).map((line) => splitOnce(line, ':')))
  const valkey = facts.get('valkey_version')
  const redis = facts.get('redis_version') ?? '?'
  const problems: string[] = []
  if (isBelow(redis, 6, 2))
    problems.push(`REDIS_URL: Redis ${redis} is too old; expected 6.2 or newer, or Valkey`)
  const policy = facts.get('maxmemory_policy') ?? 'noeviction'
  if (policy !== 'noeviction') {
    problems.push(
      `REDIS_URL: this Redis may evict jobs and their logs when its memory is full (maxmemory-policy ${policy}); ` +
        'set "maxmemory-policy noeviction" in its configuration, and by CONFIG SET',
    )
  }
  const isAppending = facts.get('aof_enabled') !== '0'
  const warnings = !isAppending
    ? ['Redis keeps no append-only file: its crash may lose jobs. Set "appendonly yes" in its configuration']
    : []
  return {
    version: valkey === undefined ? `Redis ${redis}` : `Valkey ${valkey}`,
    keeping: `appendonly ${isAppending ? 'yes' : 'no'}, maxmemory-policy ${policy}`,
    problems,
    warnings,
  }
}

/** Why Redis does not let us in, if that is not going to change by itself. */
function explainRefusal(message: string): string | undefined {
  if (message.startsWith('WRONGPASS')) return 'REDIS_URL: Redis does not accept its user or password'
  if (message.startsWith('NOAUTH'))
    return 'REDIS_URL: Redis asks for a password; write redis://:PASSWORD@host:port'
  if (message.startsWith('DENIED')) {
    return 'REDIS_URL: Redis answers only its own host (protected mode); give it a password, and add it here'
  }
  if (/DB index/.test(message)) return 'REDIS_URL: Redis has no database of this number'
  if (/unknown command .?HELLO/i.test(message))
    return 'REDIS_URL: Redis is too old; expected 6.2 or newer, or Valkey'
  return undefined
}

/** A user that may not ask for `INFO` may still be allowed all that a deploy needs. */
function unjudged(reason: string): FoundRedis {
  return {
    version: 'a server',
    keeping: undefined,
    problems: [],
    warnings: [`Cannot check whether Redis may lose jobs: ${reason}`],
  }
}

/** Where it is, without its password. */
export function placeOf(url: string): string {
  if (url.startsWith('unix://')) return `at ${url.replace(/^unix:\/\/[^/]*@/, 'unix://')}`
  const { protocol, host, pathname } = new URL(url)
  return `at ${protocol}//${host}${pathname}`
}

function isBelow(version: string, major: number, minor: number): boolean {
  const [ours = 0, theirs = 0] = version.split('.').map(Number)
  return ours < major || (ours === major && theirs < minor)
}

function splitOnce(line: string, separator: string): [string, string] {
  const [key = '', ...rest] = line.split(separator)
  return [key, rest.join(separator)]
}
