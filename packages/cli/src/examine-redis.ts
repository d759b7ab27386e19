import fs from 'node:fs'
import path from 'node:path'
import { ConfigError, type Env } from '@redeployster/shared/runtime/env'
import { lookAtRedis, placeOf, type FoundRedis } from './check-redis.ts'
import { findRedisProgram, howToGetRedis } from './redis-program.ts'
import { accepts, socketPath } from './redis-server.ts'

export type RedisReport =
  | ({ readonly kind: 'answers'; readonly place: string } & FoundRedis)
  /** `serve` would start this program. */
  | { readonly kind: 'startable'; readonly program: string }
  | { readonly kind: 'unusable'; readonly problem: string }

/** The Redis of `REDIS_URL`, or what `serve` has started or would start without one. */
export async function examineRedis(
  { REDIS_URL: url, STATE_DIR: stateDir }: Pick<Env, 'REDIS_URL' | 'STATE_DIR'>,
  searchPath: string | undefined,
): Promise<RedisReport> {
  if (url !== undefined) return look(url, placeOf(url))
  const folder = path.join(stateDir, 'redis')
  if (await isServed(folder)) return look(`unix://${socketPath(folder)}`, `private, in ${folder}`)
  const program = findRedisProgram(searchPath)
  return program === undefined
    ? { kind: 'unusable', problem: `REDIS_URL: ${howToGetRedis}` }
    : { kind: 'startable', program }
}

async function look(url: string, place: string): Promise<RedisReport> {
  try {
    return { kind: 'answers', place, ...(await lookAtRedis(url)) }
  } catch (error) {
    const { message } = error as Error
    const problem = error instanceof ConfigError ? error.problems.join('; ') : `${message}, ${place}`
    return { kind: 'unusable', problem }
  }
}

/** Whether a `serve` of this state directory runs now. */
async function isServed(folder: string): Promise<boolean> {
  return fs.existsSync(folder) && accepts(socketPath(folder))
}
