import type { LogEvent } from './log.ts'

interface Continued {
  /** What is new: without the lines seen before, and with a word on those that are not there. */
  readonly events: readonly LogEvent[]
  /** Number of the line that is wanted after them. */
  readonly next: number
}

/** What an event adds for somebody who has seen all lines before `next`. */
export function continueAt(next: number, event: LogEvent): Continued {
  if (event.kind !== 'lines') return { events: [event], next }
  const { first, lines } = event
  // The very same event, so that what is made of it can be shared by all who follow.
  if (first === next && lines.length > 0) return { events: [event], next: next + lines.length }
  const fresh = lines.slice(Math.max(0, next - first))
  if (fresh.length === 0) return { events: [], next }
  const missing: LogEvent[] = first > next ? [{ kind: 'missing', from: next, to: first - 1 }] : []
  return {
    events: [...missing, { kind: 'lines', first: Math.max(first, next), lines: fresh }],
    next: first + lines.length,
  }
}
