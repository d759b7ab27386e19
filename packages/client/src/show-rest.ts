import { exitCodeLine } from '@redeployster/shared/contract/log-line'
import type { Client } from './client.ts'
import type { Ending } from './job.ts'
import { numberedLines } from './numbered-lines.ts'
import type { LogEvent } from './read-events.ts'
import { readLeg } from './read-leg.ts'
import type { Show } from './show.ts'

interface Rest {
  readonly signal: AbortSignal
  readonly silenceMs: number
  readonly show: Pick<Show, 'lines' | 'note'>
  /** Number of the last line that was shown. */
  seen(): number
  onEvents(events: readonly LogEvent[]): void
}

/**
 * Shows what is missing of the log of a job that has ended. That log ends too, so whoever gathers it hands it on; where
 * events do not come through, text may. It matters less than the verdict.
 */
export async function showRest(client: Client, { id, exitCode }: Ending, rest: Rest): Promise<void> {
  const { signal, silenceMs, show, seen, onEvents } = rest
  const { ending } = await readLeg(client, id, { seen: seen(), signal, silenceMs, onEvents })
  if (ending) return
  try {
    const first = seen() + 1
    const asking = { headers: { Accept: 'text/plain' }, signal, limitMs: silenceMs }
    const text = await client.text('GET', `/jobs/${id}/log?from=${first}`, asking)
    show.lines(numberedLines(text, first).filter((line) => line.text !== exitCodeLine(id, exitCode)))
  } catch (error) {
    show.note(`The log cannot be had: ${error instanceof Error ? error.message : String(error)}`)
  }
}
