import type { ServerResponse } from 'node:http'

/** Whoever is told a log, until he leaves. No `AbortSignal`, which takes most of a kilobyte for each of thousands. */
export interface Reader {
  hasLeft(): boolean
  /** Calls back once. */
  onLeaving(listener: () => void): void
}

export function readerOf(response: ServerResponse): Reader {
  return {
    hasLeft: () => response.closed,
    onLeaving: (listener) => void response.once('close', listener),
  }
}
