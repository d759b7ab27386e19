import type { Redis } from 'ioredis'
import { keys } from '../redis/keys.ts'
import { script } from '../redis/script.ts'
import type { LogWriter } from './log.ts'
import { lastEntryId, toEvent, toPosition } from './redis-log-entry.ts'

/** Adds and announces in one step. An id that is not beyond the last one means: stored before, or closed. */
const appendScript = script(`
local added = redis.pcall('XADD', KEYS[1], ARGV[1] .. '-0', 'd', ARGV[2], 's', ARGV[3], 'o', ARGV[4])
if type(added) == 'table' and added.err then
  if string.find(added.err, 'equal or smaller', 1, true) then return 0 end
  return added
end
redis.call('PUBLISH', KEYS[2], ARGV[1] .. '\\n' .. ARGV[2])
return 1
`)

export function createLogWriter(redis: Redis): LogWriter {
  return {
    async append(job, { first, lines }, { step, offset }) {
      if (lines.length === 0) return
      await appendScript(
        redis,
        [keys.log(job), keys.logChannel(job)],
        [first, lines.join('\n'), step, offset],
      )
    },

    async end(job) {
      const [entry] = await redis.xrevrange(keys.log(job), `(${lastEntryId}`, '-', 'COUNT', 1)
      if (entry === undefined) return { next: 1, position: undefined }
      const event = toEvent(entry)
      if (event.kind !== 'lines') throw new Error(`Cannot read the end of the log of job ${job}`)
      return { next: event.first + event.lines.length, position: toPosition(entry) }
    },
  }
}
