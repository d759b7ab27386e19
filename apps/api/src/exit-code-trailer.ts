import type { Context } from 'hono'
import type { ApiEnv } from './parts.ts'

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
  /** Makes the text; the signal is aborted when the client has gone. */
  start(gone: AbortSignal): TextWithExitCode
  /** Called once. */
  onEnd(end: StreamEnd): void
}

/**
 * A response that ends with the trailer `Exit-Code`. It is pulled, so a client that stops reading costs one chunk
 * of memory and not the whole log.
 */
export function withExitCodeTrailer(
  c: Context<ApiEnv>,
  { status = 200, headers, start, onEnd }: Streaming,
): Response {
  const { incoming, outgoing } = c.env
  // HTTP/1.0 (nginx's default towards us) has neither chunks nor trailers: its clients read the last line.
  const hasTrailers = incoming.httpVersion === '1.1'
  const gone = new AbortController()
  const text = start(gone.signal)

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>) {
    try {
      const { done, value } = await text.next()
      if (gone.signal.aborted) return
      if (!done) return controller.enqueue(typeof value === 'string' ? Buffer.from(value) : value)
      if (hasTrailers && value !== undefined) outgoing.addTrailers({ 'Exit-Code': String(value) })
      controller.close()
      onEnd({ kind: 'ended', exitCode: value })
    } catch (error) {
      onEnd({ kind: 'broken', error })
      gone.abort()
      // Cut, not ended: a log that breaks off must not look like a whole one.
      outgoing.destroy()
    }
  }

  async function cancel() {
    if (gone.signal.aborted) return
    gone.abort()
    await text.return(undefined)
    onEnd({ kind: 'left' })
  }

  return c.body(new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 }), status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
    ...(hasTrailers && { 'Transfer-Encoding': 'chunked', Trailer: 'Exit-Code' }),
    ...headers,
  })
}
