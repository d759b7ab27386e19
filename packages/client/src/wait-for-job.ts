import { exitCodeLine } from '@redeployster/shared/contract/log-line'
import type { Client } from './client.ts'
import { ClientError, notFromUs } from './client-error.ts'
import { endingOf, readJob, type Ending, type Job } from './job.ts'
import type { OnceEach } from './once-each.ts'
import type { LogEvent } from './read-events.ts'
import { readLeg } from './read-leg.ts'
import { isPassingForJob, outOfTime, pause, retryDelayMs } from './retry.ts'
import type { Show } from './show.ts'

interface Waiting {
  readonly signal: AbortSignal
  readonly show: Pick<Show, 'lines' | 'note'>
  readonly silenceMs: number
  /** Knows what was shown. */
  readonly once: OnceEach
}

/** The answer is held so long; shorter than any proxy's patience. */
const holdSeconds = 20
/** Between two answers that were not held. */
const leastMs = 2000

/** The verdict for those to whom no stream comes through: they ask for it, and get the log when it is whole. */
export async function waitForJob(client: Client, id: string, waiting: Waiting): Promise<Ending> {
  const { signal, show } = waiting
  show.note('The log does not come through while it is written, so it follows at the end')
  for (let attempt = 0; ; attempt++) {
    const askedAt = Date.now()
    const job = await askAgain(client, id, signal, attempt)
    const ending = job && endingOf(job)
    if (ending) {
      await showRest(client, ending, waiting)
      return ending
    }
    if (job) attempt = 0
    if (job && Date.now() - askedAt < leastMs) await pause(leastMs, signal)
    if (signal.aborted) throw outOfTime()
  }
}

async function askAgain(
  client: Client,
  id: string,
  signal: AbortSignal,
  attempt: number,
): Promise<Job | undefined> {
  try {
    const limitMs = (holdSeconds + 30) * 1000
    return await askForJob(client, `/jobs/${id}?wait=${holdSeconds}`, { signal, limitMs })
  } catch (error) {
    if (!(error instanceof ClientError) || signal.aborted || !isPassingForJob(error)) throw error
    await pause(retryDelayMs(attempt), signal)
    return undefined
  }
}

export async function askForJob(
  client: Client,
  path: string,
  asking: { readonly signal?: AbortSignal; readonly limitMs?: number },
): Promise<Job> {
  const { value } = await client.json('GET', path, asking)
  const job = readJob(value)
  if (!job) throw notFromUs(client.url, { status: 200 })
  return job
}

/** Whether the API can be asked for this job at all, here and now. */
export async function answersOf(client: Client, id: string, signal: AbortSignal): Promise<boolean> {
  return askForJob(client, `/jobs/${id}`, { signal }).then(
    () => true,
    () => false,
  )
}

/** Of a job that has ended the log ends too, so whoever gathers it hands it on. It matters less than the verdict. */
async function showRest(client: Client, { id, exitCode }: Ending, waiting: Waiting): Promise<void> {
  const { signal, show, silenceMs, once } = waiting
  const onEvents = (events: readonly LogEvent[]) => show.lines(once.fresh(events))
  const { ending } = await readLeg(client, id, { seen: once.seen(), signal, silenceMs, onEvents })
  if (ending) return
  try {
    const headers = { Accept: 'text/plain' }
    const path = `/jobs/${id}/log?from=${once.seen() + 1}`
    const text = await client.text('GET', path, { headers, signal, limitMs: silenceMs })
    const lines = text
      .split('\n')
      .slice(0, -1)
      .filter((it) => it !== exitCodeLine(id, exitCode))
    show.lines(lines.map((line) => ({ number: undefined, text: line })))
  } catch (error) {
    show.note(`The log cannot be had: ${error instanceof Error ? error.message : String(error)}`)
  }
}
