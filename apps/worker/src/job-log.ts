import type { JobId } from '@redeployster/shared/contract/job'
import { notice } from '@redeployster/shared/contract/log-line'
import { printable } from '@redeployster/shared/contract/printable'
import type { LogPosition, LogWriter } from '@redeployster/shared/log/log'
import { setTimeout as delay } from 'node:timers/promises'
import { stepNames, type StepName } from './job-directory.ts'
import { createMask } from './mask.ts'

/** More characters than a step's output can bring at once: what is longer has no place in a file to go on from. */
const mostAtOnce = 128 * 1024

/**
 * The log of one job while it is written: it numbers the lines. While Redis is away they wait in memory, in their order,
 * and the deploy goes on: it may be the one that brings Redis back.
 */
export interface JobLog {
  /** From now on these values are masked. */
  hide(secrets: readonly string[]): void
  /** A text in one line as people may read it: masked, and without what moves a cursor. */
  shown(text: string): string
  /** Adds a line of our own. */
  notice(text: string): Promise<void>
  /** Adds the reason of the verdict, unless an earlier worker was killed between that and the verdict. */
  reason(text: string): Promise<void>
  /** Adds what a step printed, up to a place in its output. */
  lines(lines: readonly string[], position: LogPosition): Promise<void>
  /** How far the output of a step is stored; 0 for a step that has not printed yet, infinity for one that is over. */
  storedOffset(step: StepName): number
  /** Resolves when no line waits any more, however long that takes. */
  drained(): Promise<void>
}

/** How long a deploy waits for Redis to take a line. */
const patienceMs = 2000

/** Goes on where the stored log ends, so that an adopter neither doubles nor loses a line. */
export async function openJobLog(writer: LogWriter, id: JobId): Promise<JobLog> {
  const end = await writer.end(id)
  let next = end.next
  let mask = createMask([])
  let position: LogPosition = end.position ?? { step: '', offset: 0 }
  let { lastLine } = end

  let storing = Promise.resolve()

  async function append(lines: readonly string[]) {
    const first = next
    next += lines.length
    lastLine = lines.at(-1)
    const at = position
    // One that failed after we had gone on leaves a gap in the numbers, which every reader is told of.
    const stored = storing.then(() => writer.append(id, { first, lines }, at))
    storing = stored.catch(() => {})
    await orGoOn(stored)
  }

  const shown = (text: string) => printable(mask(text).replaceAll(/[\r\n]+/g, ' '))

  return {
    hide(secrets) {
      mask = createMask(secrets)
    },
    shown,
    notice: (text) => append([notice(shown(text))]),
    async reason(text) {
      const line = notice(shown(text))
      if (line !== lastLine) await append([line])
    },
    async lines(lines, reached) {
      position = reached
      for (const batch of batchesOf(lines.map(mask))) await append(batch)
    },
    storedOffset(step) {
      if (position.step === step) return position.offset
      // What an earlier worker stored of a step is followed by what it stored of the next ones.
      return orderOf(position.step) > orderOf(step) ? Number.POSITIVE_INFINITY : 0
    },
    drained: () => storing,
  }
}

async function orGoOn(stored: Promise<void>): Promise<void> {
  const waiting = new AbortController()
  const { signal } = waiting
  await Promise.race([stored, delay(patienceMs, undefined, { signal })]).finally(() => waiting.abort())
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
