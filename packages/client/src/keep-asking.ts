import { ClientError, withoutAdvice } from './client-error.ts'
import { askedDelayMs, isPassing, pause, retryDelayMs } from './retry.ts'

interface Keeping {
  /** Aborted when there is no more time, or nobody waits any more. */
  readonly signal: AbortSignal
  note(text: string): void
}

/** Asks until there is an answer. Rejects with a `ClientError` when asking again would change nothing. */
export async function keepAsking<Answer>(
  ask: () => Promise<Answer>,
  { signal, note }: Keeping,
): Promise<Answer> {
  let last = ''
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask()
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
