import { continueAt } from './continue-at.ts'
import type { Follower, LogEvent } from './log.ts'

/** Rung with the lines that were just written, or with nothing when they have to be fetched. */
export type Doorbell = (event: LogEvent | undefined) => void

interface Source {
  readonly from: number
  /** A page of events from a line on; empty when there is nothing yet. */
  read(next: number, isFirst: boolean): Promise<readonly LogEvent[]>
  /** Resolves when the doorbell is connected. */
  subscribe(ring: Doorbell): Promise<void>
  unsubscribe(ring: Doorbell): void
}

/** Lines that wait in memory for a slow reader; beyond that they are fetched from the stream when it asks. */
const mostWaitingCharacters = 256 * 1024
const retryMs = 250

/**
 * Pub/sub is the doorbell, the stream is the data: what the doorbell brings is used when it fits exactly behind
 * what was seen, else the stream is read. So no cut connection and no slow reader can lose or double a line.
 */
export function createFollower({ from, read, subscribe, unsubscribe }: Source): Follower {
  let next = from
  let isFirstRead = true
  let mustRead = false
  let isReading = false
  let isOver = false
  let waiting: LogEvent[] = []
  let waitingCharacters = 0
  let wake = () => {}

  const ring: Doorbell = (event) => {
    const fits = event?.kind === 'lines' && event.first <= next && !isReading && !mustRead
    if (fits && waitingCharacters < mostWaitingCharacters) take(event)
    else mustRead = true
    wake()
  }

  function take(event: LogEvent) {
    if (isOver) return
    const fresh = continueAt(next, event)
    next = fresh.next
    waiting.push(...fresh.events)
    waitingCharacters += fresh.events.reduce((sum, it) => sum + lengthOf(it), 0)
    if (event.kind === 'verdict') isOver = true
  }

  async function fill() {
    mustRead = false
    isReading = true
    try {
      const events = await read(next, isFirstRead)
      isFirstRead = false
      for (const event of events) take(event)
      if (events.length > 0) mustRead = true
    } catch {
      // Redis is away: the log is still there when it comes back.
      mustRead = true
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    } finally {
      isReading = false
    }
  }

  /** Resolves to false after `waitMs` without a ring. */
  function rung(waitMs: number | undefined) {
    return new Promise<boolean>((resolve) => {
      const timer = waitMs === undefined ? undefined : setTimeout(() => resolve(false), waitMs)
      wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }

  subscribe(ring).then(
    () => ring(undefined),
    () => ring(undefined),
  )

  return {
    async next(waitMs) {
      const end = waitMs === undefined ? undefined : performance.now() + waitMs
      while (waiting.length === 0 && !isOver) {
        // After a silence too: a ring may have been missed, and the stream is what counts.
        if (mustRead || !(await rung(end && end - performance.now()))) await fill()
        if (waiting.length === 0 && end !== undefined && performance.now() >= end) return []
      }
      const events = waiting
      waiting = []
      waitingCharacters = 0
      return events
    },
    close() {
      isOver = true
      waiting = []
      unsubscribe(ring)
      wake()
    },
  }
}

function lengthOf(event: LogEvent): number {
  return event.kind === 'lines' ? event.lines.reduce((sum, line) => sum + line.length, 0) : 0
}
