import type { Client } from './client.ts'
import { withoutAdvice } from './client-error.ts'
import type { Ending } from './job.ts'
import { onceEach } from './once-each.ts'
import type { LogEvent } from './read-events.ts'
import { readLeg } from './read-leg.ts'
import { askedDelayMs, isPassingForJob, outOfTime, pause, retryDelayMs } from './retry.ts'
import type { Show } from './show.ts'
import { answersOf, waitForJob } from './wait-for-job.ts'

export interface Following {
  /** Aborted when there is no more time, or nobody waits any more. */
  readonly signal: AbortSignal
  readonly show: Pick<Show, 'lines' | 'aside' | 'note'>
  /** The API breaks its silence every 15 s: after this long nothing is at the other end. */
  readonly silenceMs?: number
}

/** A connection that held this long was no mistake. */
const steadyMs = 10_000

/**
 * Shows a log from its first line to the verdict, over as many connections as it takes: each goes on behind the last
 * line that was shown. Rejects with a `ClientError` when there is no verdict to be had, or no more time.
 */
export async function followJob(client: Client, id: string, following: Following): Promise<Ending> {
  const { signal, show, silenceMs = 45_000 } = following
  const once = onceEach()
  let isSaid = false

  function onEvents(events: readonly LogEvent[]) {
    const lines = once.fresh(events)
    if (lines.length > 0) show.lines(lines)
    for (const event of events) if (event.kind === 'aside') show.aside(event.text)
  }

  for (let attempt = 0; ; attempt++) {
    const [begunAt, seen] = [Date.now(), once.seen()]
    const { ending, error, isMute } = await readLeg(client, id, { seen, signal, silenceMs, onEvents })
    if (ending) return ending
    if (signal.aborted || (error && !isPassingForJob(error))) throw error ?? outOfTime()
    // A proxy that strips or gathers what it hands on: what is short and whole comes through it all the same.
    if (isMute && (await answersOf(client, id, signal))) {
      return waitForJob(client, id, { signal, show, silenceMs, once })
    }
    if (once.seen() > seen || Date.now() - begunAt > steadyMs) {
      attempt = 0
      isSaid = false
    }
    if (!isSaid)
      show.note(
        `${error ? withoutAdvice(error) : `${client.url} has ended the log`}; going on where it broke off`,
      )
    isSaid = true
    await pause(retryDelayMs(attempt, askedDelayMs(error?.retryAfter, Date.now())), signal)
  }
}
