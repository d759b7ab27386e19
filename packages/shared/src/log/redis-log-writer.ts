import type { Redis } from 'ioredis'
import { keys } from '../redis/keys.ts'
import { script } from '../redis/script.ts'
import { orNothing } from '../redis/unreadable.ts'
import type { LogWriter } from './log.ts'
import { lastEntryId, numberBehind, toEvent, toPosition } from './redis-log-entry.ts'

/** Entries read at once while the last one of ours is looked for. */
const pageSize = 20

/** What an entry takes in Redis beside its text. */
const entryBytes = 100

/**
 * Adds and announces in one step. An id that is not beyond the last one means: stored before, or closed. What is no log
 * takes nothing, and the deploy goes on without: its verdict has a place in the record.
 *
 * What has no room in the first half of the log goes to the second, which loses its oldest entries: a reader then finds
 * a gap in the numbers. The record counts the bytes of both halves. The newest entry always stays, since the next worker
 * reads there where the log ends.
 */
const appendScript = script(`
local added = redis.pcall('XADD', KEYS[1], ARGV[1] .. '-0', 'd', ARGV[2], 's', ARGV[3], 'o', ARGV[4])
if type(added) == 'table' and added.err then
  if string.find(added.err, 'equal or smaller', 1, true) or string.find(added.err, 'WRONGTYPE', 1, true) then
    return 0
  end
  return added
end
redis.call('PUBLISH', KEYS[2], ARGV[1] .. '\\n' .. ARGV[2])

local half = tonumber(ARGV[5])
local bytes = #ARGV[2] + ${entryBytes}
local counted = redis.call('HMGET', KEYS[3], 'logHead', 'logTail', 'logHeadEnd')
local head, tail, headEnd = tonumber(counted[1] or '0'), tonumber(counted[2] or '0'), counted[3] or '0'
if tail == 0 and head + bytes <= half then
  redis.call('HSET', KEYS[3], 'logHead', head + bytes, 'logHeadEnd', ARGV[1])
  return 1
end
tail = tail + bytes
while tail > half do
  local oldest = redis.call('XRANGE', KEYS[1], '(' .. headEnd .. '-0', '+', 'COUNT', 1)[1]
  if oldest[1] == ARGV[1] .. '-0' then break end
  redis.call('XDEL', KEYS[1], oldest[1])
  tail = tail - #oldest[2][2] - ${entryBytes}
end
redis.call('HSET', KEYS[3], 'logTail', tail)
return 1
`)

/** Of a log that grows beyond `mostBytes`, the first half and the last half are kept. */
export function createLogWriter(redis: Redis, mostBytes: number): LogWriter {
  const half = Math.floor(mostBytes / 2)
  return {
    async append(job, { first, lines }, { step, offset }) {
      if (lines.length === 0) return
      await appendScript(
        redis,
        [keys.log(job), keys.logChannel(job), keys.job(job)],
        [first, lines.join('\n'), step, offset, half],
      )
    },

    async end(job) {
      let next = 1
      let before = lastEntryId
      for (;;) {
        const page = redis.xrevrange(keys.log(job), `(${before}`, '-', 'COUNT', pageSize)
        const entries = (await page.catch(orNothing)) ?? []
        for (const entry of entries) {
          const event = toEvent(entry)
          // What is none of ours is left out, but an entry can only be added behind it.
          next = Math.max(next, numberBehind(entry))
          if (event?.kind !== 'lines') continue
          const { first, lines } = event
          return {
            next: Math.max(next, first + lines.length),
            position: toPosition(entry),
            lastLine: lines.at(-1),
          }
        }
        const oldest = entries.at(-1)
        if (oldest === undefined) return { next, position: undefined, lastLine: undefined }
        before = oldest[0]
      }
    },
  }
}
