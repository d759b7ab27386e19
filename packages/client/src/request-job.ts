import type { Client } from './client.ts'
import { ClientError, notFromUs, withoutAdvice } from './client-error.ts'
import { readJob, type Job } from './job.ts'
import { askedDelayMs, isPassing, pause, retryDelayMs } from './retry.ts'

interface Requesting {
  /** Aborted when there is no more time, or nobody waits any more. */
  readonly signal: AbortSignal
  /** The same for every attempt, so that they come to one job. */
  readonly key: string
  note(text: string): void
}

/** Asks for a deploy, as often as it takes. Rejects with a `ClientError` when asking again would change nothing. */
export async function requestJob(client: Client, path: string, asking: Requesting): Promise<Job> {
  const { signal, key, note } = asking
  const headers = { 'Idempotency-Key': key }
  let last = ''
  for (let attempt = 0; ; attempt++) {
    try {
      const { value } = await client.json('POST', path, { headers, signal })
      const job = readJob(value)
      if (!job) throw notFromUs(client.url, { status: 200 })
      return job
    } catch (error) {
      if (!(error instanceof ClientError) || signal.aborted || !isPassing(error)) throw error
      if (error.message !== last) note(`${withoutAdvice(error)}; trying again`)
      last = error.message
      await pause(retryDelayMs(attempt, askedDelayMs(error.retryAfter, Date.now())), signal)
      // Why it did not work says more than that the time is over.
      if (signal.aborted) throw error
    }
  }
}
