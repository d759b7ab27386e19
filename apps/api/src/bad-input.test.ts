import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawRequest, sendRaw } from '../../../test/harness/raw.ts'
import { limits, setStage, type Stage } from './testing/api.ts'
import { ask, open } from './testing/http.ts'

// Rows of docs/bad-input.md that no other test has.

const token = 'dolphin'
const right = `Authorization: Bearer ${token}`

let stage: Stage
let url: string
beforeAll(async () => {
  stage = await setStage({ limits: { ...limits, requestTimeoutMs: 300 } })
  url = `http://127.0.0.1:${stage.port}`
})
afterAll(() => stage.stop())

const post = (target: string, ...headers: readonly string[]) =>
  rawRequest(`POST ${target}`, [right, ...headers])
const withoutHost = (bytes: string) => bytes.replace('Host: localhost\r\n', '')

describe('starts nothing, and answers', () => {
  it.each([
    ['B22 no Host', 400, withoutHost(post('/hello'))],
    ['B22 a Host that is none', 400, withoutHost(post('/hello', 'Host: [/hello'))],
    ['B23 a length and chunks', 400, post('/hello', 'Content-Length: 3', 'Transfer-Encoding: chunked')],
    ['B23 a negative length', 400, post('/hello', 'Content-Length: -1')],
    ['B23 a length that is no number', 400, post('/hello', 'Content-Length: 0x3')],
    ['B23 two lengths', 400, post('/hello', 'Content-Length: 1', 'Content-Length: 2')],
    ['B23 chunks under another name', 400, post('/hello', 'Transfer-Encoding: chunked, identity')],
    ['B23 a chunk without a length', 400, `${post('/hello', 'Transfer-Encoding: chunked')}x\r\n`],
    ['B24 a header that goes on in the next line', 400, post('/hello', 'X-One: 1\r\n two: 2')],
    ['B24 a blank before the colon', 400, post('/hello', 'Content-Length : 1')],
    ['B24 a bare line feed in a header', 400, post('/hello', 'X-One: 1\nX-Two: 2')],
    ['B33 the preface of HTTP/2', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['B33 a version that there is not', 400, post('/hello').replace('HTTP/1.1', 'HTTP/3.0')],
    ['B33 the hello of TLS', 400, '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n'],
    ['B13 a token in the address', 401, rawRequest(`POST http://x:${token}@localhost/hello`, [])],
    ['B13 a token in the query', 401, rawRequest(`POST /hello?token=${token}&access_token=${token}`, [])],
    ['B16 dots in an absolute address', 401, post('http://localhost/nobody/../hello')],
    ['B16 an asterisk', 400, post('*')],
    ['B19 a name that is encoded twice', 401, post('/%2568ello')],
    ['B19 letters that look alike', 401, post('/h%D0%B5llo')],
    ['B21 a host that there is not, and one that there is', 401, post('/hello?host=nowhere&host=alpha')],
    ['B26 a key with a blank', 400, post('/hello', 'Idempotency-Key: one two')],
  ])('%s: %i', async (_, status, bytes) => {
    expect((await sendRaw(url, bytes)).status).toBe(status)
    expect(await stage.worker.jobs.list({ limit: 1 })).toEqual([])
  })

  it('B34 a form of a browser like anybody without a token, and nobody hears of other origins', async () => {
    const headers = { origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await ask(stage.port, 'POST /hello', { headers, body: `token=${token}` })
    expect(answer.status).toBe(401)
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
    const { headers: given } = await ask(stage.port, 'OPTIONS /hello', { headers: preflight })
    expect(Object.keys({ ...given, ...answer.headers }).join()).not.toContain('access-control')
  })
})

describe('takes no notice of', () => {
  it.each([
    ['B25 a body that names another service', {}, '{"service": "other", "file": "/etc/passwd"}'],
    ['B25 a body that is no text', { 'content-type': 'application/json' }, Buffer.from([0xff, 0xfe, 0])],
    ['B30 a Last-Event-ID that is no number', { 'last-event-id': '../x' }, ''],
    ['B32 that no trailers are asked for', { te: 'gzip' }, ''],
    ['B22 a Host that is not ours', { host: 'evil.example' }, ''],
  ])('%s', async (_, headers, body) => {
    const answer = await open(stage.port, 'POST /hello', { token, headers, body })
    await stage.worker.conclude(await stage.worker.take('shop/hello'), 3)
    expect(await answer.end()).toMatchObject({ status: 200, trailers: { 'exit-code': '3' } })
  })

  it('B24 a second request in the body of the first', async () => {
    const hidden = post('/hello')
    const { text } = await sendRaw(
      url,
      rawRequest('POST /nobody', [right, `Content-Length: ${hidden.length}`]) + hidden,
    )
    expect(text.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 401'])
  })
})
