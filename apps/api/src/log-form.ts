import type { JobId, JobRecord } from '@redeployster/shared/contract/job'
import type { LogEvent } from '@redeployster/shared/log/log'

/** The job of a log that is not kept any more, whose verdict is known all the same. */
export type EndedJob = Pick<JobRecord, 'id' | 'state' | 'started' | 'reason'> & {
  readonly exitCode: number
}

/** How a log is written down for its reader: as text, or as server-sent events. */
export interface LogForm {
  readonly contentType: string
  /** What the reader has to know before all else. */
  readonly preamble: string
  /** What the API says itself: it is no line of the log, and stored nowhere. */
  aside(said: string): string
  /** What has come since the last time: one line or a thousand cost the same. */
  show(job: JobId, events: readonly LogEvent[]): Buffer
  /** The end of a log that is not kept any more. */
  showGone(job: EndedJob): string
}

/** The exit code, when the verdict is among the events. */
export function exitCodeOf(events: readonly LogEvent[]): number | undefined {
  const last = events.at(-1)
  return last?.kind === 'verdict' ? last.verdict.exitCode : undefined
}

/** Stands in place of the lines of a log that is not kept any more. */
export const goneNotice = 'this log, or the rest of it, is not kept any more'
