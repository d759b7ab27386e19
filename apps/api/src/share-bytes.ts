import type { JobId } from '@redeployster/shared/contract/job'
import type { LogEvent } from '@redeployster/shared/log/log'
import type { LogForm } from './log-form.ts'

/** Many follow one log, and all of them are shown the same: each event is written down once, and they share the bytes. */
export function shareBytes(write: (job: JobId, event: LogEvent) => string): LogForm['show'] {
  const written = new WeakMap<LogEvent, Buffer>()

  function bytesOf(job: JobId, event: LogEvent): Buffer {
    const bytes = written.get(event) ?? Buffer.from(write(job, event))
    written.set(event, bytes)
    return bytes
  }

  return (job, events) => {
    const all = events.map((event) => bytesOf(job, event))
    const [only, ...others] = all
    return only && others.length === 0 ? only : Buffer.concat(all)
  }
}
