import type { Redis } from 'ioredis'
import type { JobRequest } from '../contract/job.ts'
import { queueName } from '../contract/service.ts'
import { keys } from '../redis/keys.ts'
import { script } from '../redis/script.ts'
import { placeOf } from './place.ts'

/** The join key may be another job's already: an adopter comes to what an earlier worker has begun. */
const releaseScript = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
redis.call('ZREM', KEYS[2], ARGV[2])
`)

/** From now on nobody can join this job, and its place among those that wait is free. */
export async function release(redis: Redis, request: Released): Promise<void> {
  const joinKey = keys.joinKey(queueName(request), request.tokenDigest)
  await releaseScript(redis, [joinKey, keys.places(request.host)], [request.id, placeOf(request)])
}

export type Released = Omit<JobRequest, 'proof'>
