import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

type Argument = string | number

/** A Lua script, sent by its hash and in full only when Redis does not know it (after a restart, say). */
export function script(text: string) {
  const sha = createHash('sha1').update(text).digest('hex')
  return async (redis: Redis, keyNames: readonly string[], args: readonly Argument[]): Promise<unknown> => {
    const words = [keyNames.length, ...keyNames, ...args] as const
    try {
      return await redis.evalsha(sha, ...words)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return redis.eval(text, ...words)
    }
  }
}
