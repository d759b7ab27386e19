import type { JobId } from '@redeployster/shared/contract/job'
import { notice } from '@redeployster/shared/contract/log-line'
import { createMask } from './mask.ts'
import { stepNames, type StepName } from './job-directory.ts'
import type { LogPosition, LogWriter } from '@redeployster/shared/log/log'

/** More characters than a step's output can bring at once: what is longer has no place in a file to go on from. */
const mostAtOnce = 128 * 1024

/** The log of one job while it is written: it numbers the lines. */
export interface JobLog {
  /** From now on these values are masked. */
  hide(secrets: readonly string[]): void
  /** Adds a line of our own. */
  notice(text: string): Promise<void>
  /** Adds what a step printed, up to a place in its output. */
  lines(lines: readonly string[], position: LogPosition): Promise<void>
  /** How far the output of a step is stored; 0 for a step that has not printed yet, infinity for one that is over. */
  storedOffset(step: StepName): number
}

/** Goes on where the stored log ends, so that an adopter neither doubles nor loses a line. */
export async function openJobLog(writer: LogWriter, id: JobId): Promise<JobLog> {
  const end = await writer.end(id)
  let next = end.next
  let mask = createMask([])
  let position: LogPosition = end.position ?? { step: '', offset: 0 }

  async function append(lines: readonly string[]) {
    const first = next
    next += lines.length
    await writer.append(id, { first, lines }, position)
  }

  return {
    hide(secrets) {
      mask = createMask(secrets)
    },
    notice: (text) => append([notice(mask(text))]),
    async lines(lines, reached) {
      position = reached
      for (const batch of batchesOf(lines.map(mask))) await append(batch)
    },
    storedOffset(step) {
      if (position.step === step) return position.offset
      // What an earlier worker stored of a step is followed by what it stored of the next ones.
      return orderOf(position.step) > orderOf(step) ? Number.POSITIVE_INFINITY : 0
    },
  }
}

function batchesOf(lines: readonly string[]): readonly string[][] {
  const batches: string[][] = []
  let length = Infinity
  for (const line of lines) {
    if (length + line.length > mostAtOnce) {
      batches.push([])
      length = 0
    }
    batches.at(-1)?.push(line)
    length += line.length
  }
  return batches
}

function orderOf(step: string): number {
  return stepNames.findIndex((name) => name === step)
}
