import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { ApiEnv } from './parts.ts'
import { readerOf, type Reader } from './reader.ts'

/** Yields text, or bytes that many such texts share; returns the exit code, or nothing when the text ends without a verdict. */
export type TextWithExitCode = AsyncGenerator<string | Buffer, number | undefined>

/** A client that left is no failure: the deploy goes on without it. */
export type StreamEnd =
  | { readonly kind: 'ended'; readonly exitCode: number | undefined }
  | { readonly kind: 'left' }
  | { readonly kind: 'broken'; readonly error: unknown }

export interface Streaming {
  readonly status?: 200 | 424 | undefined
  readonly headers?: Record<string, string>
  /** Makes the text. */
  start(reader: Reader): TextWithExitCode
  /** Called once, unless the head alone was asked for. */
  onEnd(end: StreamEnd): void
}

/**
 * A response that ends with the trailer `Exit-Code`. It is written to Node's own response, since a web stream around each
 * of them takes a third of all its memory. A client that stops reading is waited for, so it costs what
 * the socket holds and one chunk, and not the whole log.
 */
export function withExitCodeTrailer(
  c: Context<ApiEnv>,
  { status = 200, headers, start, onEnd }: Streaming,
): Response {
  const { incoming, outgoing } = c.env
  // HTTP/1.0 (nginx's default towards us) has neither chunks nor trailers: its clients read the last line.
  const hasTrailers = incoming.httpVersion === '1.1'
  const head = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
    ...(hasTrailers && { 'Transfer-Encoding': 'chunked', Trailer: 'Exit-Code' }),
    ...headers,
  }
  // Whoever asks for the head alone need not wait for the end of the text.
  if (incoming.method === 'HEAD') return c.body(null, status, head)
  outgoing.writeHead(status, { 'X-Request-Id': c.get('requestId'), ...head })
  const reader = readerOf(outgoing)
  void write(outgoing, hasTrailers, start(reader), reader).then(onEnd)
  return RESPONSE_ALREADY_SENT
}

async function write(
  response: ServerResponse,
  hasTrailers: boolean,
  text: TextWithExitCode,
  reader: Reader,
): Promise<StreamEnd> {
  try {
    for (;;) {
      const { done, value } = await text.next()
      if (reader.hasLeft()) return { kind: 'left' }
      if (done) {
        if (hasTrailers && value !== undefined) response.addTrailers({ 'Exit-Code': String(value) })
        response.end()
        return { kind: 'ended', exitCode: value }
      }
      // A buffer lets Node flatten the head that it has put together, and let go of its pieces.
      const bytes = typeof value === 'string' ? Buffer.from(value) : value
      if (!response.write(bytes)) await canTakeMore(response)
    }
  } catch (error) {
    // Cut, not ended: a log that breaks off must not look like a whole one. Nor may it look as if nobody had got the request.
    response.flushHeaders()
    response.destroy()
    return { kind: 'broken', error }
  } finally {
    await text.return(undefined)
  }
}

/** Resolves when the client has taken what there is, or has left. */
function canTakeMore(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
    if (response.closed) go()
  })
}
