import { exitCodeLine, notice } from '@redeployster/shared/contract/log-line'
import type { JobId, JobRecord, Verdict } from '@redeployster/shared/contract/job'
import { shownLine } from '@redeployster/shared/contract/printable'
import type { LogEvent } from '@redeployster/shared/log/log'

/** Events of a log as the lines that a person reads, each with its end. */
export function toText(job: JobId, events: readonly LogEvent[]): string {
  return events
    .flatMap((event) => toLines(job, event))
    .map((line) => `${shownLine(line)}\n`)
    .join('')
}

function toLines(job: JobId, event: LogEvent): readonly string[] {
  switch (event.kind) {
    case 'lines':
      return event.lines
    case 'missing':
      return [notice(`lines ${event.from}–${event.to} not kept`)]
    case 'verdict':
      return verdictLines(job, event.verdict)
  }
}

function verdictLines(job: JobId, { exitCode, reason, isUnsaid }: Verdict): readonly string[] {
  const last = exitCodeLine(job, exitCode)
  return isUnsaid && reason !== undefined ? [notice(reason), last] : [last]
}

/** The end of a log that is not kept any more, from the record of its job. */
export function goneText({ id, reason }: Pick<JobRecord, 'id' | 'reason'>, code: number): string {
  const said = [
    'this log, or the rest of it, is not kept any more',
    ...(reason === undefined ? [] : [reason]),
  ]
  return [...said.map(notice), exitCodeLine(id, code)].map((line) => `${shownLine(line)}\n`).join('')
}

/** The exit code, when the verdict is among the events. */
export function exitCodeOf(events: readonly LogEvent[]): number | undefined {
  const last = events.at(-1)
  return last?.kind === 'verdict' ? last.verdict.exitCode : undefined
}
