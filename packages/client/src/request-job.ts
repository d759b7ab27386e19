import type { Client } from './client.ts'
import { ClientError, notFromUs, UnconfirmedError } from './client-error.ts'
import { readJob, type Job } from './job.ts'
import { keepAsking } from './keep-asking.ts'

interface Requesting {
  /** Aborted when there is no more time, or nobody waits any more. */
  readonly signal: AbortSignal
  /** The same for every attempt, so that they come to one job. */
  readonly key: string
  note(text: string): void
}

/**
 * Asks for a deploy, as often as it takes. Rejects with a `ClientError` when asking again would change nothing; with an
 * `UnconfirmedError` when one of the requests may have made a job, whatever the answer to the last one was.
 */
export async function requestJob(client: Client, path: string, asking: Requesting): Promise<Job> {
  const { signal, key } = asking
  let isUnconfirmed = false

  async function ask(): Promise<Job> {
    const { value } = await client.json('POST', path, { headers: { 'Idempotency-Key': key }, signal })
    const job = readJob(value)
    if (!job) throw notFromUs(client.url, { status: 200 })
    return job
  }

  function doubt(error: unknown): never {
    isUnconfirmed ||= error instanceof ClientError && mayHaveBegun(error)
    throw error
  }

  try {
    return await keepAsking(() => ask().catch(doubt), asking)
  } catch (error) {
    throw isUnconfirmed && error instanceof ClientError ? new UnconfirmedError(error) : error
  }
}

function mayHaveBegun({ code, status, isUnsent }: ClientError): boolean {
  if (status === undefined) return !isUnsent
  // What the API refuses it has not begun; of its own bugs it cannot know.
  if (code !== undefined) return status === 500
  // With these a proxy says that it has lost the answer, or that it has waited too long for it.
  return status === 408 || status >= 500
}
