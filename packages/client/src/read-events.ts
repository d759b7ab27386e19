import type { ReadableStream } from 'node:stream/web'
import { createParser } from 'eventsource-parser'
import { readEnding, type Ending } from './job.ts'

export type LogEvent =
  | { readonly kind: 'line'; readonly number: number | undefined; readonly text: string }
  /** What the API says itself: no line of the log. */
  | { readonly kind: 'aside'; readonly text: string }
  | { readonly kind: 'verdict'; readonly ending: Ending }

/** The events of a log, all that a piece of its stream brings at once; throws when the stream breaks. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<readonly LogEvent[]> {
  const decoder = new TextDecoder()
  let events: LogEvent[] = []
  const parser = createParser({
    onEvent: ({ event, id, data }) => events.push(event === 'verdict' ? verdictIn(data) : lineIn(id, data)),
    onComment: (text) => events.push({ kind: 'aside', text }),
  })
  for await (const piece of body) {
    parser.feed(decoder.decode(piece, { stream: true }))
    // Also when there are none: the piece shows that the connection lives.
    yield events
    events = []
  }
}

function lineIn(id: string | undefined, text: string): LogEvent {
  return { kind: 'line', number: id !== undefined && /^\d{1,9}$/.test(id) ? Number(id) : undefined, text }
}

function verdictIn(data: string): LogEvent {
  const ending = readEnding(JSON.parse(data))
  if (!ending) throw new Error('This verdict is none that redeployster gives')
  return { kind: 'verdict', ending }
}
