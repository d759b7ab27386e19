import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawRequest, sendRaw } from '../../../test/harness/raw.ts'
import { listen } from './listen.ts'
import type { ApiEnv } from './parts.ts'
import { limits, setStage, type Stage } from './testing/api.ts'
import { open } from './testing/http.ts'

const authorization = 'Authorization: Bearer dolphin'

let stage: Stage
let url: string
beforeAll(async () => {
  stage = await setStage({ limits: { ...limits, requestTimeoutMs: 300 } })
  url = `http://127.0.0.1:${stage.port}`
})
afterAll(() => stage.stop())

// Each of these sends what it has and then nothing more: that the connection is closed is the server's doing.
describe('a request that does not come to its end', () => {
  const whole = rawRequest('POST /hello', [authorization])
  it.each([
    ['in the middle of its header', whole.slice(0, -2)],
    ['in the middle of its first line', 'POST /hel'],
    ['before its first byte', ''],
    ['before its body', rawRequest('POST /hello', [authorization, 'Content-Length: 10'])],
    ['in the middle of its body', `${rawRequest('POST /hello', [authorization, 'Content-Length: 10'])}abc`],
    [
      'in the middle of a body of unknown length',
      `${rawRequest('POST /hello', [authorization, 'Transfer-Encoding: chunked'])}3\r\nabc\r\n`,
    ],
  ])('%s is cut off with 408, and starts nothing', async (_, bytes) => {
    const { status, text } = await sendRaw(url, bytes)
    expect({ status, isClosed: /connection: close/i.test(text) }).toEqual({ status: 408, isClosed: true })
    expect(await stage.worker.jobs.list({ limit: 1 })).toEqual([])
  })
})

it.each([
  ['10 s of a longer time', 30_000, 10_000],
  ['all of a shorter one', 5000, 5000],
])('gives a header %s', async (_, requestTimeoutMs, headerMs) => {
  const server = await listen(new Hono<ApiEnv>(), {
    listen: '127.0.0.1',
    port: 0,
    limits: { requestTimeoutMs },
  })
  expect([server.requestTimeout, server.headersTimeout]).toEqual([requestTimeoutMs, headerMs])
  server.close()
})

it('lets the answer to a request take as long as it likes', async () => {
  const answer = await open(stage.port, 'POST /hello', { token: 'dolphin' })
  const job = await stage.worker.take('shop/hello')
  // Each of these takes as long as a request may take.
  for (let times = 0; times < 3; times++) expect((await sendRaw(url, 'POST /hel')).status).toBe(408)
  await stage.worker.conclude(job, 3)
  expect(await answer.end()).toMatchObject({ isWhole: true, trailers: { 'exit-code': '3' } })
})

it.each([
  ['a header', rawRequest('POST /hello', [`X-Long: ${'x'.repeat(20_000)}`])],
  ['a path', rawRequest(`POST /${'x'.repeat(20_000)}`, [])],
])('refuses %s of 20 kB with 431', async (_, bytes) => {
  expect((await sendRaw(url, bytes)).status).toBe(431)
})
