import type { JobId } from '@redeployster/shared/contract/job'
import { notice } from '@redeployster/shared/contract/log-line'
import type { LogPosition, LogWriter } from '@redeployster/shared/log/log'

/** The log of one job while it is written: it numbers the lines. */
export interface JobLog {
  /** Adds a line of our own. */
  notice(text: string): Promise<void>
  /** Adds what a step printed, up to a place in its output. */
  lines(lines: readonly string[], position: LogPosition): Promise<void>
  /** How far the output of a step is stored; 0 for a step that has not printed yet. */
  storedOffset(step: string): number
}

/** Goes on where the stored log ends, so that an adopter neither doubles nor loses a line. */
export async function openJobLog(writer: LogWriter, id: JobId): Promise<JobLog> {
  const end = await writer.end(id)
  let next = end.next
  let position: LogPosition = end.position ?? { step: '', offset: 0 }

  async function append(lines: readonly string[]) {
    const first = next
    next += lines.length
    await writer.append(id, { first, lines }, position)
  }

  return {
    notice: (text) => append([notice(text)]),
    lines: (lines, reached) => {
      position = reached
      return append(lines)
    },
    storedOffset: (step) => (position.step === step ? position.offset : 0),
  }
}
