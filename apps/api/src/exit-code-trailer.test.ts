import { setImmediate as turn } from 'node:timers/promises'
import { Hono } from 'hono'
import { requestId } from 'hono/request-id'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { withExitCodeTrailer, type StreamEnd } from './exit-code-trailer.ts'
import { listen, portOf } from './listen.ts'
import type { ApiEnv } from './parts.ts'
import { open } from './testing/http.ts'

const waiting = { timeout: 20_000, interval: 5 }
/** Together far more than the sockets of both sides hold. */
const pieces = 1000
const piece = Buffer.alloc(64 * 1024, 'x')

let server: Awaited<ReturnType<typeof listen>>
let made: number
const ended = vi.fn<(end: StreamEnd) => void>()

async function* text() {
  for (made = 0; made < pieces; made += 1) yield piece
  return 3
}

beforeEach(async () => {
  made = 0
  ended.mockClear()
  const app = new Hono<ApiEnv>()
  app.use(requestId())
  app.get('/', (c) => withExitCodeTrailer(c, { start: text, onEnd: ended }))
  server = await listen(app, { listen: '127.0.0.1', port: 0, limits: { requestTimeoutMs: 60_000 } })
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** A client that has read the head, and nothing of the text. */
async function stall() {
  const client = await open(portOf(server), 'GET /', {})
  client.pause()
  await vi.waitFor(() => expect(made).toBeGreaterThan(0), waiting)
  for (let count = 0; count < pieces; count += 1) await turn()
  return client
}

it('makes no more of a text than its client takes, and all of it once that reads on', async () => {
  const client = await stall()
  expect(made).toBeLessThan(pieces)
  client.resume()
  const { text: whole, trailers } = await client.end()
  expect([whole.length, trailers]).toEqual([pieces * piece.length, { 'exit-code': '3' }])
  expect(ended.mock.calls).toEqual([[{ kind: 'ended', exitCode: 3 }]])
})

it('stops to make it when a client leaves that had stopped to read', async () => {
  const client = await stall()
  client.leave()
  await vi.waitFor(() => expect(ended.mock.calls).toEqual([[{ kind: 'left' }]]), waiting)
  expect(made).toBeLessThan(pieces)
})
