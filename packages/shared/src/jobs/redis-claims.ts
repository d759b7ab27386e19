import type { Redis } from 'ioredis'
import { jobId } from '../contract/job.ts'
import { queueName } from '../contract/service.ts'
import { keys } from '../redis/keys.ts'
import { script } from '../redis/script.ts'
import { readValue } from '../redis/unreadable.ts'
import type { Claim, Jobs } from './jobs.ts'

// A claim is made by the very script that confirms its job or joins it: so there is never a claim without a job, nor
// a second job for a claim, whoever dies in between. It holds the job's id and its queue.

const keptSeconds = 24 * 60 * 60

/** Begins a script of which the last key is a claim, and the first words are the job's id and its queue. */
export const checkClaim = `
local mine = ARGV[1] .. ' ' .. ARGV[2]
local claimed = redis.call('GET', KEYS[#KEYS])
if claimed and claimed ~= mine then return 'claimed' end
`

/** For such a script: a repeated request does not prolong it. */
export const makeClaim = `
redis.call('SET', KEYS[#KEYS], mine, 'EX', ${keptSeconds}, 'NX')
`

const attachScript = script(`
local claimed = redis.call('GET', KEYS[1])
if not claimed then return false end
local id, queue = string.match(claimed, '^(%S+) (.+)$')
if queue ~= ARGV[1] then return 'elsewhere' end
local record = ARGV[2] .. id
if redis.call('HGET', record, 'state') == 'queued' then redis.call('HINCRBY', record, 'requests', 1) end
return id
`)

export function createAttach(redis: Redis): Jobs['attach'] {
  return async ({ name, service }: Claim) => {
    // The record of a job that nobody has named yet; it lies in the same slot of a cluster.
    const answer = await attachScript(redis, [keys.claim(name)], [queueName(service), keys.job('')])
    if (answer === null) return undefined
    return answer === 'elsewhere' ? answer : readValue(keys.claim(name), jobId, answer)
  }
}
