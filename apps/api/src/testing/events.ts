/** An event as a browser would dispatch it. */
export interface ServerSentEvent {
  readonly type: string
  readonly data: string
  /** The id of the last event that had one. */
  readonly lastEventId: string
}

export interface Received {
  readonly events: readonly ServerSentEvent[]
  readonly comments: readonly string[]
  /** Sent as `Last-Event-ID` by a client that comes back. */
  readonly lastEventId: string
  readonly retryMs: number | undefined
}

/** What a client has of a stream of events, or of its beginning, by the rules of the HTML standard. */
export function receive(text: string, lastEventId = ''): Received {
  const events: ServerSentEvent[] = []
  const comments: string[] = []
  let retryMs: number | undefined
  // What stands behind the last blank line is half an event, and is thrown away.
  for (const block of text.split('\n\n').slice(0, -1)) {
    let type = 'message'
    let data: string | undefined
    for (const line of block.split(/\r\n|\n|\r/)) {
      const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/su.exec(line) ?? []
      if (name === '') comments.push(value)
      else if (name === 'event') type = value
      else if (name === 'data') data = data === undefined ? value : `${data}\n${value}`
      else if (name === 'id') lastEventId = value
      else if (name === 'retry') retryMs = Number(value)
    }
    if (data !== undefined) events.push({ type, data, lastEventId })
  }
  return { events, comments, lastEventId, retryMs }
}

/** `1 one`: number and text of each line. */
export function linesOf({ events }: Pick<Received, 'events'>): readonly string[] {
  return events
    .filter(({ type }) => type === 'message')
    .map(({ lastEventId, data }) => `${lastEventId} ${data}`)
}
