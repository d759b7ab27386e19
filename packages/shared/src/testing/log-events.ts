import type { JobId } from '../contract/job.ts'
import type { Follower, LogEvent, LogReader } from '../log/log.ts'

/** All that is stored of a log, from a line on. */
export async function storedEvents(reader: LogReader, job: JobId, from: number): Promise<LogEvent[]> {
  const events: LogEvent[] = []
  for await (const event of reader.read(job, from)) events.push(event)
  return events
}

/** All that a follower brings, to the verdict. */
export async function collectEvents(follower: Follower): Promise<LogEvent[]> {
  const seen: LogEvent[] = []
  for (let events = await follower.next(); events.length > 0; events = await follower.next())
    seen.push(...events)
  follower.close()
  return seen
}
