import type { Redis } from 'ioredis'
import { serviceKey, type ServiceKey } from '../contract/service.ts'
import { keys } from '../redis/keys.ts'
import { script } from '../redis/script.ts'
import { orNothing } from '../redis/unreadable.ts'
import type { HistoryKeeper, HistoryLimits } from './history-keeper.ts'

const mostAtOnce = 100
const dayMs = 86_400_000

const dropLog = `
if redis.call('ZREM', KEYS[3], ARGV[1]) == 1 then
  redis.call('DECRBY', KEYS[4], redis.call('HGET', KEYS[1], 'logBytes') or 0)
  redis.call('HDEL', KEYS[1], 'logBytes')
end
redis.call('UNLINK', KEYS[2])
`

const dropLogScript = script(dropLog)

/** Only what has its verdict goes; by age also what nobody has begun: no worker would begin it any more. */
const forgetScript = script(`
local record = redis.call('HMGET', KEYS[1], 'id', 'exitCode', 'state')
if record[1] and not record[2] and (record[3] ~= 'queued' or ARGV[2] ~= 'old') then return 0 end
${dropLog}
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[5], ARGV[1])
redis.call('ZREM', KEYS[6], ARGV[1])
return 1
`)

export function createHistoryKeeper(redis: Redis, limits: HistoryLimits): HistoryKeeper {
  async function forget(id: string, key: ServiceKey, why: 'old' | 'many'): Promise<boolean> {
    const keyNames = [...logKeys(id), keys.history, keys.serviceHistory(key)]
    return (await forgetScript(redis, keyNames, [id, why]).catch(orNothing)) === 1
  }

  async function trimOld() {
    const before = `(${leastIdAt(Date.now() - limits.days * dayMs)}`
    for (const id of await redis.zrangebylex(keys.history, '-', before, 'LIMIT', 0, mostAtOnce)) {
      const names = await redis.hmget(keys.job(id), 'host', 'project', 'service').catch(orNothing)
      const [host, project, service] = names ?? []
      const key = serviceKey.safeParse({ host, project, service })
      if (key.success) await forget(id, key.data, 'old')
      else await redis.zrem(keys.history, id)
    }
  }

  async function trimLogs() {
    for (let count = 0; count < mostAtOnce; count++) {
      if (Number(await redis.get(keys.endedLogBytes)) <= limits.logBytes) return
      // The newest stays: somebody may still read to its end.
      const [oldest, next] = await redis.zrange(keys.endedLogs, 0, '1')
      if (oldest === undefined || next === undefined) return
      await dropLogScript(redis, logKeys(oldest), [oldest])
    }
  }

  return {
    async trimService(key) {
      const excess = (await redis.zcard(keys.serviceHistory(key))) - limits.jobsPerService
      if (excess <= 0) return
      let left = Math.min(excess, mostAtOnce)
      // Behind those that run there may be others which can go.
      const oldest = await redis.zrange(keys.serviceHistory(key), 0, String(left + mostAtOnce - 1))
      for (const id of oldest) {
        if (left > 0 && (await forget(id, key, 'many'))) left--
      }
    },

    async trimAll() {
      await trimOld()
      await trimLogs()
    },
  }
}

function logKeys(id: string): string[] {
  return [keys.job(id), keys.log(id), keys.endedLogs, keys.endedLogBytes]
}

/** A UUID of version 7 begins with its time: all that were made earlier sort before this text. */
function leastIdAt(ms: number): string {
  const digits = Math.max(0, ms).toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}`
}
