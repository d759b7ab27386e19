import { exitCodeLine, notice } from '@redeployster/shared/contract/log-line'
import type { JobId, Verdict } from '@redeployster/shared/contract/job'
import { shownLine } from '@redeployster/shared/contract/printable'
import type { LogEvent } from '@redeployster/shared/log/log'
import { goneNotice, type LogForm } from './log-form.ts'
import { shareBytes } from './share-bytes.ts'

/** A log as the lines that a person reads. */
export const logText: LogForm = {
  contentType: 'text/plain; charset=utf-8',
  preamble: '',
  aside: (said) => `${said}\n`,
  show: shareBytes((job, event) => toText(toLines(job, event))),
  showGone({ id, reason, exitCode }) {
    const said = [goneNotice, ...(reason === undefined ? [] : [reason])]
    return toText([...said.map(notice), exitCodeLine(id, exitCode)])
  },
}

function toText(lines: readonly string[]): string {
  return lines.map((line) => `${shownLine(line)}\n`).join('')
}

function toLines(job: JobId, event: LogEvent): readonly string[] {
  switch (event.kind) {
    case 'lines':
      return event.lines
    case 'missing':
      return [missingNotice(event)]
    case 'verdict':
      return verdictLines(job, event.verdict)
  }
}

export function missingNotice({ from, to }: { readonly from: number; readonly to: number }): string {
  return notice(`lines ${from}–${to} not kept`)
}

function verdictLines(job: JobId, { exitCode, reason, isUnsaid }: Verdict): readonly string[] {
  const last = exitCodeLine(job, exitCode)
  return isUnsaid && reason !== undefined ? [notice(reason), last] : [last]
}
