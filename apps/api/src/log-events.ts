import type { JobId } from '@redeployster/shared/contract/job'
import { notice } from '@redeployster/shared/contract/log-line'
import { shownLine } from '@redeployster/shared/contract/printable'
import type { LogEvent } from '@redeployster/shared/log/log'
import { goneNotice, type EndedJob, type LogForm } from './log-form.ts'
import { missingNotice } from './log-text.ts'
import { shareBytes } from './share-bytes.ts'

const retryMs = 1000

/**
 * A log as server-sent events, one for each line. The id is the number of the line, so a client that comes back with
 * the last one it has seen gets exactly the rest.
 */
export const logEvents: LogForm = {
  contentType: 'text/event-stream',
  preamble: `retry: ${retryMs}\n\n`,
  // A comment: nobody takes it for a line, and it changes no id.
  aside: (said) => `: ${said}\n\n`,
  show: shareBytes(toEvents),
  showGone: (job) => `data: ${notice(goneNotice)}\n\n${verdictEvent(job)}`,
}

function toEvents(job: JobId, event: LogEvent): string {
  switch (event.kind) {
    case 'lines':
      return event.lines.map((line, index) => lineEvent(event.first + index, line)).join('')
    case 'missing':
      // The id is that of the last one missing, so that nobody asks for these lines again.
      return lineEvent(event.to, missingNotice(event))
    case 'verdict':
      return verdictEvent({ id: job, ...event.verdict })
  }
}

/** A shown line has no character that would end it before its end. */
function lineEvent(number: number, line: string): string {
  return `id: ${number}\ndata: ${shownLine(line)}\n\n`
}

/** The members are those of `GET /jobs/:id`. It has no id: who comes back without having seen it gets it again. */
function verdictEvent({ id, state, exitCode, started, reason }: EndedJob): string {
  return `event: verdict\ndata: ${JSON.stringify({ id, state, exitCode, started, reason })}\n\n`
}

/** Whether an `Accept` names this form; whoever takes anything gets text. */
export function wantsEvents(accept: string | undefined): boolean {
  const types = (accept ?? '').split(',').map((it) => it.split(';', 1)[0]?.trim().toLowerCase())
  return types.includes('text/event-stream')
}
