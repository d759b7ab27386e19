import { setTimeout as delay } from 'node:timers/promises'
import { ClientError } from './client-error.ts'

/** Whether the same request, sent again with the same key, may be answered otherwise. */
export function isPassing({ code, status, isUseless }: ClientError): boolean {
  if (status === undefined) return !isUseless
  // A right token is never answered so, however often it is asked with: each attempt would count as one more wrong one.
  if (code === 'too_many_failures') return false
  return [408, 429, 502, 503, 504].includes(status)
}

/**
 * Whether asking again for a job that is known makes sense: always, unless the API itself says that it is not there. A
 * page of a proxy says nothing of the job, and while that proxy is deployed it may show a wrong certificate.
 */
export function isPassingForJob({ code, status = 0 }: ClientError): boolean {
  return code === undefined || status >= 500
}

/** Ends the following of a job when asking again makes no sense, or nobody waits any more. */
export function throwUnlessPassing(error: ClientError | undefined, signal: AbortSignal): void {
  if (error && (signal.aborted || !isPassingForJob(error))) throw error
  if (signal.aborted) throw new ClientError('There was no time to wait any longer')
}

const firstDelayMs = 500
const mostDelayMs = 10_000
/** Whoever asks for an hour, or for a date next year, is asked for a verdict all the same. */
const mostAskedMs = 30_000

/** Longer each time, by a part that is random: else all clients of an API that was away would come back at once. */
export function retryDelayMs(attempt: number, askedMs = 0, random: () => number = Math.random): number {
  const ownMs = Math.min(mostDelayMs, firstDelayMs * 2 ** Math.min(attempt, 10))
  return Math.max(askedMs, ownMs * (0.5 + random() / 2))
}

/** What `Retry-After` asks for: seconds or a date. */
export function askedDelayMs(header: string | undefined, now: number): number {
  if (header === undefined) return 0
  const ms = /^\d{1,6}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isNaN(ms) ? 0 : Math.min(mostAskedMs, Math.max(0, ms))
}

/** Waits before the next attempt; returns when the time is over or the signal is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
