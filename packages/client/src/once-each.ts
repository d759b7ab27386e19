import type { LogEvent } from './read-events.ts'
import type { Line } from './show.ts'

/** Lets each line of a log through once, whatever a connection brings a second time. */
export interface OnceEach {
  /** Number of the last line that was let through. */
  seen(): number
  fresh(events: readonly LogEvent[]): readonly Line[]
}

export function onceEach(): OnceEach {
  let seen = 0
  return {
    seen: () => seen,
    fresh(events) {
      const lines: Line[] = []
      for (const event of events) {
        if (event.kind !== 'line') continue
        const { number, text } = event
        if (number !== undefined && number <= seen) continue
        seen = number ?? seen
        lines.push({ number, text })
      }
      return lines
    },
  }
}
