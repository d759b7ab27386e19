import { askForJob } from './ask-for-job.ts'
import type { Client } from './client.ts'
import { ClientError } from './client-error.ts'
import { endingOf, type Job } from './job.ts'
import { throwUnlessPassing } from './retry.ts'

interface Instead {
  readonly signal: AbortSignal
  /** No stream comes through, so an answer is held for the verdict. */
  readonly isMute: boolean
  onHold(): void
}

/** Shorter than any proxy's patience. */
const holdSeconds = 20

/**
 * The record of a job, in place of a log that brought nothing: a proxy may strip or gather a stream, and an API have no
 * room for one, but what is short and whole comes through. Resolves to nothing where that does not, either.
 */
export async function askInstead(
  client: Client,
  id: string,
  { signal, isMute, onHold }: Instead,
): Promise<Job | undefined> {
  try {
    const job = await askForJob(client, id, { signal })
    if (!isMute || endingOf(job)) return job
    onHold()
    return await askForJob(client, id, { signal, waitSeconds: holdSeconds })
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    throwUnlessPassing(error, signal)
    return undefined
  }
}
