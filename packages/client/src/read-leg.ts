import type { ReadableStream } from 'node:stream/web'
import type { Client } from './client.ts'
import { brokenOff, ClientError, notFromUs } from './client-error.ts'
import type { Ending } from './job.ts'
import { readEvents, type LogEvent } from './read-events.ts'
import { startLimit } from './start-limit.ts'

interface Reading {
  /** Number of the last line that was shown. */
  readonly seen: number
  readonly signal: AbortSignal
  readonly silenceMs: number
  onEvents(events: readonly LogEvent[]): void
}

/** How far one connection has led. */
export interface Leg {
  readonly ending: Ending | undefined
  readonly error: ClientError | undefined
  /** Something came through. */
  readonly hasBegun: boolean
  /** Nothing did, although no part of the way said why. */
  readonly isMute: boolean
}

/** Follows a log over one connection, until the verdict or until it breaks. Never rejects. */
export async function readLeg(client: Client, id: string, reading: Reading): Promise<Leg> {
  const { seen, signal, silenceMs, onEvents } = reading
  const limit = startLimit(silenceMs, signal)
  let hasBegun = false
  let isAnswered = false
  const end = (ending?: Ending, error?: ClientError): Leg => ({
    ending,
    error,
    hasBegun,
    isMute: !hasBegun && (isAnswered || (limit.signal.aborted && !signal.aborted)),
  })
  try {
    const headers = { Accept: 'text/event-stream', ...(seen > 0 && { 'Last-Event-ID': String(seen) }) }
    const response = await client.open('GET', `/jobs/${id}/log`, { headers, signal: limit.signal })
    isAnswered = true
    if (!isEventStream(response)) {
      await response.body?.cancel()
      return end()
    }
    for await (const events of readEvents(response.body as ReadableStream<Uint8Array>)) {
      limit.restart()
      hasBegun ||= events.length > 0
      onEvents(events)
      const ending = events.find((it) => it.kind === 'verdict')?.ending
      if (ending && ending.id !== id) throw notFromUs(client.url, response)
      if (ending) return end(ending)
    }
    return end()
  } catch (error) {
    return end(undefined, error instanceof ClientError ? error : brokenOff(client.url, error))
  } finally {
    limit.end()
  }
}

function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') === true
}
