import type { Redis } from 'ioredis'
import { freeze } from '../contract/freeze.ts'
import { keys } from '../redis/keys.ts'
import { readJson } from '../redis/unreadable.ts'
import type { Freezes, FreezesReader } from './freezes.ts'

export function createFreezesReader(redis: Redis): FreezesReader {
  return {
    async find(service) {
      const key = keys.freeze(service)
      const json = await redis.get(key)
      return json === null ? undefined : readJson(key, freeze, json)
    },
  }
}

export function createFreezes(redis: Redis): Freezes {
  return {
    ...createFreezesReader(redis),

    async put(service, freeze) {
      const [key, json] = [keys.freeze(service), JSON.stringify(freeze)]
      if (freeze.until === undefined) await redis.set(key, json)
      // A length, so that the clock of Redis need not agree with ours; Redis takes no length of 0.
      else await redis.set(key, json, 'PX', Math.max(1, Date.parse(freeze.until) - Date.now()))
    },

    async lift(service) {
      await redis.del(keys.freeze(service))
    },
  }
}
