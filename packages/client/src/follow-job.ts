import { askInstead } from './ask-instead.ts'
import type { Client } from './client.ts'
import { withoutAdvice } from './client-error.ts'
import { endingOf, type Ending } from './job.ts'
import { onceEach } from './once-each.ts'
import type { LogEvent } from './read-events.ts'
import { readLeg } from './read-leg.ts'
import { askedDelayMs, pause, retryDelayMs, throwUnlessPassing } from './retry.ts'
import type { Show } from './show.ts'
import { showRest } from './show-rest.ts'

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
  let said = ''

  function onEvents(events: readonly LogEvent[]) {
    const lines = once.fresh(events)
    if (lines.length > 0) show.lines(lines)
    for (const event of events) if (event.kind === 'aside') show.aside(event.text)
  }

  function say(text: string) {
    if (text !== said) show.note(text)
    said = text
  }

  const onHold = () => say('The log does not come through while it is written, so it follows at the end')

  for (let attempt = 0; ; attempt++) {
    const [begunAt, seen] = [Date.now(), once.seen()]
    const leg = await readLeg(client, id, { seen, signal, silenceMs, onEvents })
    const { ending, error, isMute } = leg
    if (ending) return ending
    throwUnlessPassing(error, signal)
    const job = leg.hasBegun ? undefined : await askInstead(client, id, { signal, isMute, onHold })
    const found = job && endingOf(job)
    if (found) {
      await showRest(client, found, { signal, silenceMs, show, seen: once.seen, onEvents })
      return found
    }
    if (once.seen() > seen) said = ''
    if (once.seen() > seen || Date.now() - begunAt > steadyMs) attempt = 0
    // Where the record comes through nothing has broken.
    if (!job || !isMute) {
      say(`${error ? withoutAdvice(error) : `${client.url} has ended the log`}; going on where it broke off`)
    }
    await pause(retryDelayMs(attempt, askedDelayMs(error?.retryAfter, Date.now())), signal)
  }
}
