import type { Redis } from 'ioredis'
import { z } from 'zod'
import { jobId, type JobId, type JobRecord } from '../contract/job.ts'
import { queueName } from '../contract/service.ts'
import { keys } from '../redis/keys.ts'
import { script } from '../redis/script.ts'
import { orNothing, readValue } from '../redis/unreadable.ts'
import type { Jobs } from './jobs.ts'
import { checkClaim, makeClaim } from './redis-claims.ts'
import { toRecord } from './redis-job-record.ts'

const look = `
local standing = redis.call('HMGET', KEYS[1], 'id', 'state', 'startedAt')
if not standing[1] then return 'unknown' end
if standing[2] ~= 'queued' or standing[3] then return 'begun' end
`
const share = `
redis.call('HINCRBY', KEYS[1], 'requests', 1)
return 'joined'
`
const joinScript = script(look + share)
const joinClaimedScript = script(checkClaim + look + makeClaim + share)

/** What cannot be read is before nobody: the line that tells of it is not worth a deploy. */
const findBefore = `
local function findBefore(history, id, records)
  local older = redis.pcall('ZRANGE', history, '(' .. id, '-', 'BYLEX', 'REV', 'LIMIT', 0, 1)
  if older.err or not older[1] then return '' end
  local standing = redis.pcall('HMGET', records .. older[1], 'id', 'exitCode')
  if standing.err or not standing[1] or standing[2] then return '' end
  return older[1]
end
`
const beforeScript = script(`${findBefore} return findBefore(KEYS[1], ARGV[1], ARGV[2])`)

/** What `add` and `join` would come to, in one step: most requests of a rush come to a job that waits. */
const joinWaitingScript = script(`
${findBefore}
if redis.call('EXISTS', KEYS[2]) == 1 then return 'frozen' end
local id = redis.call('GET', KEYS[1])
if not id then return false end
local record = ARGV[1] .. id
local standing = redis.call('HMGET', record, 'id', 'state', 'startedAt')
if not standing[1] or standing[2] ~= 'queued' or standing[3] then return false end
redis.call('HINCRBY', record, 'requests', ARGV[2])
return {id, redis.call('HGETALL', record), findBefore(KEYS[3], id, ARGV[1])}
`)

/** How a request comes to share a job that waits, and which job that waits for. */
export function createSharing(redis: Redis): Pick<Jobs, 'joinWaiting' | 'before' | 'join'> {
  return {
    async joinWaiting(service, tokenDigest, requests) {
      const key = keys.joinKey(queueName(service), tokenDigest)
      const all = [key, keys.freeze(service), keys.serviceHistory(service)]
      const answer = await joinWaitingScript(redis, all, [recordOfAny, requests])
      if (answer === null) return undefined
      if (answer === 'frozen') return answer
      const [id, words, before] = answer as readonly [string, readonly string[], string]
      return { id: readValue(key, jobId, id), record: readRecord(words), runsFirst: toId(before) }
    },

    async before({ id, ...service }) {
      return toId(await beforeScript(redis, [keys.serviceHistory(service)], [id, recordOfAny]))
    },

    async join(id, claim) {
      const answer = claim
        ? joinClaimedScript(redis, [keys.job(id), keys.claim(claim.name)], [id, queueName(claim.service)])
        : joinScript(redis, [keys.job(id)], [])
      return joined.parse(await answer)
    },
  }
}

/** The record of a job that nobody has named yet; it lies in the same slot of a cluster. */
const recordOfAny = keys.job('')

function toId(word: unknown): JobId | undefined {
  return jobId.safeParse(word).data
}

const joined = z.enum(['joined', 'begun', 'unknown', 'claimed'])

/** What `HGETALL` answers to a script. */
function readRecord(words: readonly string[]): JobRecord | undefined {
  const hash: Record<string, string> = {}
  for (let at = 0; at < words.length; at += 2) hash[words[at] ?? ''] = words[at + 1] ?? ''
  try {
    return toRecord(hash)
  } catch (error) {
    return orNothing(error)
  }
}
