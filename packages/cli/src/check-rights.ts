import type { Redis } from '@redeployster/shared/redis/connect'
import { keys } from '@redeployster/shared/redis/keys'
import { isRefusal } from '@redeployster/shared/redis/refusal'

/** No job has this id. */
const nobody = '-'

/**
 * What Redis does not let this user do, of three things that both the API and the worker do all the time: read, run a
 * script, and publish, for which Redis 7 gives a new user no right by itself.
 */
export async function missingRights(redis: Redis): Promise<readonly string[]> {
  const tried = await Promise.allSettled([
    redis.hgetall(keys.hosts),
    redis.eval("return redis.call('HEXISTS', KEYS[1], 'id')", 1, keys.job(nobody)),
    redis.publish(keys.logChannel(nobody), ''),
  ])
  return tried.flatMap((it) => (it.status === 'rejected' && isRefusal(it.reason) ? [it.reason.message] : []))
}
