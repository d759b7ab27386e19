import { Redis } from 'ioredis'

/** All that a Redis keeps, keys and values, as one text. */
export async function dumpRedis(url: string): Promise<string> {
  const socket = /^unix:\/\/(.+)/.exec(url)?.[1]
  const redis = socket === undefined ? new Redis(url) : new Redis({ path: socket })
  try {
    const parts: unknown[] = []
    for await (const keys of redis.scanStream() as AsyncIterable<readonly string[]>) {
      for (const key of keys) parts.push(key, await valueOf(redis, key))
    }
    return JSON.stringify(parts)
  } finally {
    redis.disconnect()
  }
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key)
  switch (type) {
    case 'string':
      return redis.get(key)
    case 'hash':
      return redis.hgetall(key)
    case 'list':
      return redis.lrange(key, '0', '-1')
    case 'set':
      return redis.smembers(key)
    case 'zset':
      return redis.zrange(key, '0', '-1')
    case 'stream':
      return redis.xrange(key, '-', '+')
    case 'none':
      return 'expired meanwhile'
    default:
      throw new Error(`Cannot read a ${type}`)
  }
}
