import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { jobId, jobRequest } from '../contract/job.ts'
import { queueName, type ServiceKey } from '../contract/service.ts'
import { keys } from '../redis/keys.ts'
import { script } from '../redis/script.ts'
import { readValue, tryJson } from '../redis/unreadable.ts'
import { createQueue } from './bullmq-queues.ts'
import { placeOf } from './place.ts'
import type { RequestQueue } from './queue.ts'
import { release } from './release.ts'

const dropScript = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`)

const takePlaceScript = script(`
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZSCORE', KEYS[1], ARGV[2]) then return 1 end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
return 1
`)

export function createRequestQueue(redis: Redis): RequestQueue {
  const queues = new Map<string, Queue>()

  function queueOf(key: ServiceKey) {
    const name = queueName(key)
    const queue = queues.get(name) ?? createQueue(name, redis)
    queues.set(name, queue)
    return queue
  }

  return {
    async add(request) {
      const added = await queueOf(request).add('deploy', request, {
        jobId: request.id,
        // One job that has not started per service and token: a joiner must have been able to ask for it himself.
        deduplication: { id: request.tokenDigest },
      })
      // Whose id it is stands in the join key.
      return readValue(keys.joinKey(queueName(request), request.tokenDigest), jobId, added.id)
    },

    async takePlace(request, mostPlaces) {
      const words = [Date.now(), placeOf(request), Date.parse(request.startBy), mostPlaces]
      return (await takePlaceScript(redis, [keys.places(request.host)], words)) === 1
    },

    async find(key, id) {
      // Read by hand: BullMQ throws at what is no JSON. What is no request of ours counts for nothing.
      const data = await redis.hget(keys.queued(queueName(key), id), 'data')
      return data === null ? undefined : tryJson(jobRequest, data)
    },

    async dropJoinKey(request, holder) {
      await dropScript(redis, [keys.joinKey(queueName(request), request.tokenDigest)], [holder])
    },

    release: (request) => release(redis, request),

    async cancel(host, id) {
      await redis.publish(keys.cancels(host), id)
    },
  }
}
