import type { Redis } from 'ioredis'
import { z } from 'zod'
import { verdict, type JobId, type JobRequest, type Verdict } from '../contract/job.ts'
import { queueName } from '../contract/service.ts'
import { lastEntryId } from '../log/redis-log-entry.ts'
import { keys } from '../redis/keys.ts'
import { script } from '../redis/script.ts'
import type { Jobs } from './jobs.ts'
import { checkClaim, createAttach, makeClaim } from './redis-claims.ts'
import { toFields } from './redis-job-record.ts'
import { createJobsReader } from './redis-jobs-reader.ts'
import { createSharing } from './redis-sharing.ts'

/** Where the keys of the histories and the words of the record begin. */
const addRecord = (key: number, word: number) => `
for at = ${word + 2}, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[at], ARGV[at + 1]) end
redis.call('ZADD', KEYS[${key}], 0, ARGV[${word}])
redis.call('ZADD', KEYS[${key + 1}], 0, ARGV[${word}])
`
const writeRecord = `
if redis.call('HEXISTS', KEYS[1], 'id') == 1 then return 0 end
${addRecord(2, 1)}
`

/** The kick comes with the record: a caller who hears nothing knows that both are there or neither is. */
const confirm = `
${writeRecord}
redis.call('PUBLISH', KEYS[4], ARGV[2])
return 1
`
const acceptScript = script(confirm)
const acceptClaimedScript = script(checkClaim + makeClaim + confirm)

const restoreScript = script(writeRecord)

/**
 * A freeze is obeyed by who has not begun yet, unless its first step runs already and Redis has lost all that. Its key is
 * no key of the script, which would need the right to change it: a worker may only read freezes.
 */
const beginScript = script(`
local standing = redis.call('HMGET', KEYS[1], 'exitCode', 'startedAt')
if standing[1] then return 'over' end
if not standing[2] and ARGV[2] == '0' and redis.call('EXISTS', ARGV[3]) == 1 then return 'frozen' end
redis.call('HSET', KEYS[1], 'state', 'running', 'started', '1')
redis.call('HSETNX', KEYS[1], 'startedAt', ARGV[1])
return 'begun'
`)

/** What `begin` wrote down stays but for `started`, since nothing is touched yet. */
const waitScript = script(`
if redis.call('HGET', KEYS[1], 'state') ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'queued', 'started', '0')
return 1
`)

const askCancelScript = script(`
if redis.call('HEXISTS', KEYS[1], 'exitCode') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'cancelAsked', '1')
return 1
`)

/** What a log takes in Redis beside its entries. */
const logBytes = 500

/**
 * The commit point of a job: record, last entry of the log and announcement. From now on the log counts as ended. One that
 * somebody else has made, or closed, takes no entry: the record then is what tells.
 */
const writeVerdict = `
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'exitCode', ARGV[3], 'started', ARGV[4], 'finishedAt', ARGV[6])
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'reason', ARGV[5]) end
redis.pcall('XADD', KEYS[2], ARGV[1], 'v', ARGV[7])
redis.call('PUBLISH', KEYS[3], 'verdict')
local counted = redis.call('HMGET', KEYS[1], 'id', 'logHead', 'logTail')
local bytes = tonumber(counted[2] or '0') + tonumber(counted[3] or '0') + #ARGV[7] + ${logBytes}
redis.call('HSET', KEYS[1], 'logBytes', bytes)
redis.call('HDEL', KEYS[1], 'logHead', 'logTail', 'logHeadEnd')
local now = redis.call('TIME')
redis.call('ZADD', KEYS[4], string.format('%.0f', now[1] * 1000000 + now[2]), counted[1])
redis.call('INCRBY', KEYS[5], bytes)
`

/** Returns what somebody wrote before, if so. Redis may have been emptied since: a verdict needs a record to stand in. */
const concludeScript = script(`
local standing = redis.call('HMGET', KEYS[1], 'state', 'exitCode', 'started', 'reason', 'id')
if standing[2] then return {standing[1], standing[2], standing[3], standing[4]} end
if not standing[5] then
  ${addRecord(6, 8)}
end
${writeVerdict}
return {ARGV[2], ARGV[3], ARGV[4], ARGV[5]}
`)

const concludeUnbegunScript = script(`
local standing = redis.call('HMGET', KEYS[1], 'state', 'startedAt')
if standing[1] ~= 'queued' or standing[2] then return 0 end
${writeVerdict}
return 1
`)

export function createJobs(redis: Redis): Jobs {
  return {
    ...createJobsReader(redis),

    ...createSharing(redis),

    attach: createAttach(redis),

    async accept(request, claim) {
      const { keyNames, words } = recording(request)
      const all = [...keyNames, keys.kicks(request.host)]
      if (!claim) await acceptScript(redis, all, words)
      return (
        !claim || (await acceptClaimedScript(redis, [...all, keys.claim(claim.name)], words)) !== 'claimed'
      )
    },

    async restore(request) {
      const { keyNames, words } = recording(request)
      await restoreScript(redis, keyNames, words)
    },

    async begin(request, startedAt, hasBegun = false) {
      const words = [startedAt.toISOString(), hasBegun ? 1 : 0, keys.freeze(request)]
      return begun.parse(await beginScript(redis, [keys.job(request.id)], words))
    },

    async wait(id) {
      await waitScript(redis, [keys.job(id)], [])
    },

    async noteImages(id, { before, after }) {
      const words = [...(before ? ['imageBefore', before] : []), ...(after ? ['imageAfter', after] : [])]
      if (words.length > 0) await redis.hset(keys.job(id), ...words)
    },

    async askCancel(id) {
      return (await askCancelScript(redis, [keys.job(id)], [])) === 1
    },

    async isCancelAsked(id) {
      return (await redis.hget(keys.job(id), 'cancelAsked')) === '1'
    },

    async conclude(request, verdict) {
      const { keyNames, words } = concluding(request.id, verdict)
      const record = recording(request)
      const all = [...keyNames, ...record.keyNames.slice(1)]
      return toVerdict(await concludeScript(redis, all, [...words, ...record.words]))
    },

    async concludeUnbegun(id, verdict) {
      const { keyNames, words } = concluding(id, { ...verdict, isUnsaid: true })
      return (await concludeUnbegunScript(redis, keyNames, words)) === 1
    },
  }
}

const begun = z.enum(['begun', 'over', 'frozen'])

function recording(request: JobRequest) {
  return {
    keyNames: [keys.job(request.id), keys.history, keys.serviceHistory(request)],
    words: [request.id, queueName(request), ...toFields(request)],
  }
}

function concluding(id: JobId, verdict: Verdict) {
  const { state, exitCode, started, reason = '' } = verdict
  const now = new Date().toISOString()
  return {
    keyNames: [keys.job(id), keys.log(id), keys.logChannel(id), keys.endedLogs, keys.endedLogBytes],
    words: [lastEntryId, state, exitCode, started ? '1' : '0', reason, now, JSON.stringify(verdict)],
  }
}

function toVerdict(words: unknown): Verdict {
  const [state, exitCode, started, reason] = words as (string | null)[]
  return verdict.parse({
    state,
    exitCode: Number(exitCode),
    started: started === '1',
    ...(reason && { reason }),
  })
}
