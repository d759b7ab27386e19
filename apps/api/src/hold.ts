import type { ServerResponse } from 'node:http'
import type { JobRecord } from '@redeployster/shared/contract/job'
import { followLog } from './follow-log.ts'
import { logText } from './log-text.ts'
import type { Parts } from './parts.ts'

/** The longest that a request is held without an answer: proxies give up after 50 or 60 s. */
export const mostHeldSeconds = 45

export interface Hold {
  /** Aborted when the answer is due: the time is over, the client has gone or the API stops. */
  readonly isDue: AbortSignal
  release(): void
}

/** Keeps a request waiting for its answer. */
export function hold(response: ServerResponse, ms: number, { stopping }: Pick<Parts, 'stopping'>): Hold {
  const due = new AbortController()
  const end = () => due.abort()
  const timer = setTimeout(end, ms)
  response.once('close', end)
  stopping.addEventListener('abort', end)
  if (response.closed || stopping.aborted) end()
  return {
    isDue: due.signal,
    release() {
      clearTimeout(timer)
      response.off('close', end)
      stopping.removeEventListener('abort', end)
    },
  }
}

/** Behind every line that a log can have there is only its verdict. */
const behindAllLines = Number.MAX_SAFE_INTEGER

/**
 * Resolves when the job may have its verdict or the answer is due; its record says which. It is followed like by a
 * stream that shows nothing, so that a job which nobody takes expires here too.
 */
export async function awaitVerdict(job: JobRecord, parts: Parts, isDue: AbortSignal): Promise<void> {
  if (isDue.aborted) return
  const silenceMs = parts.holdMs / 3
  const followed = { job, from: behindAllLines, opening: '', form: logText, silenceMs }
  const unseen = followLog(followed, parts, {
    hasLeft: () => isDue.aborted,
    onLeaving: (listener) => isDue.addEventListener('abort', listener, { once: true }),
  })
  let step = await unseen.next()
  while (!step.done) step = await unseen.next()
}
