import type { ErrorCode } from '@redeployster/shared/contract/errors'
import * as fc from 'fast-check'
import { once } from 'node:events'
import net from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { anyBytes, anyRequest } from './testing/any-request.ts'
import { adminToken, entry, limits, setStage, type Stage } from './testing/api.ts'
import { ask, open } from './testing/http.ts'

let stage: Stage
let job: string
beforeAll(async () => {
  stage = await setStage({ limits: { ...limits, requestTimeoutMs: 200 } })
  const { worker, port } = stage
  const deploy = await open(port, 'POST /hello', { token: 'dolphin' })
  const request = await worker.take('shop/hello')
  await worker.conclude(request, 3)
  await deploy.end()
  job = request.id
  // Nothing can be deployed from now on, so that no answer is a stream without an end.
  await worker.publish([entry('shop/hello'), entry('shop/gone', { state: 'gone' })])
  await ask(port, 'PUT /services/shop/hello/freeze', { token: adminToken, body: '{"reason": "a test"}' })
})
afterAll(() => stage.stop())

const routes = [
  'POST /hello',
  'POST /shop/gone',
  'GET /jobs',
  'GET /jobs/JOB',
  'DELETE /jobs/JOB',
  'GET /jobs/JOB/log',
  'GET /jobs/JOB/verdict',
  'POST /jobs/JOB/verdict',
  'GET /services',
  'GET /services/shop/gone/freeze',
  'PUT /services/shop/gone/freeze',
  'DELETE /services/shop/gone/freeze',
]

/** The errors that are documented for these routes. */
const errors = {
  bad_request: 400,
  bad_idempotency_key: 400,
  unauthorized: 401,
  admin_only: 403,
  no_such_route: 404,
  not_frozen: 404,
  method_not_allowed: 405,
  job_final: 409,
  service_gone: 410,
  service_frozen: 423,
} as const satisfies Partial<Record<ErrorCode, number>>

const documented = [
  '200',
  '204',
  // The verdict of the job: it has failed.
  '424 verdict',
  // What the parser of Node refuses; a connection that wants to speak another protocol is cut.
  ...['400', '408', '417', '431', 'cut'].map((it) => `${it} by Node`),
  ...Object.entries(errors).map(([code, status]) => `${status} ${code}`),
  ...Object.values(errors).map((status) => `${status} to HEAD`),
]

it('answers any request as documented, and never with a 500', { timeout: 120_000 }, async () => {
  const seen = new Set<string>()
  const property = fc.asyncProperty(anyRequest(routes), async (bytes) => {
    const kind = kindOf(await answerTo(bytes.replace('JOB', job)), bytes)
    expect(documented).toContain(kind)
    seen.add(kind)
  })
  await fc.assert(property, { numRuns: 1500 })
  const usual = [
    '200',
    '400 bad_request',
    '401 unauthorized',
    '404 no_such_route',
    '410 service_gone',
    '424 verdict',
  ]
  expect([...seen]).toEqual(expect.arrayContaining(usual))
  expect((await ask(stage.port, 'GET /healthz')).status).toBe(200)
})

it('answers bytes that are no request with 400, or not at all', async () => {
  const property = fc.asyncProperty(anyBytes, async (bytes) => {
    expect(await answerTo(`${bytes}\r\n\r\n`, true)).toMatch(/^$|^HTTP\/1\.1 4\d\d /)
  })
  await fc.assert(property, { numRuns: 300 })
  expect((await ask(stage.port, 'GET /healthz')).status).toBe(200)
})

/** Sends these bytes, and with `isEnd` that there are no more, and reads until the connection is closed. */
async function answerTo(bytes: string, isEnd = false): Promise<string> {
  const socket = net.connect(stage.port, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  socket.on('error', () => {
    // Closed by the other side while we were still writing: what has come is what counts.
  })
  socket.write(bytes, 'latin1')
  if (isEnd) socket.end()
  await once(socket, 'close')
  return text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')
}

function kindOf(answer: string, request: string): string {
  const [head = '', ...rest] = answer.split('\r\n\r\n')
  const status = /^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 'cut'
  if (!/^x-request-id: /im.test(head)) return `${status} by Node`
  if (status < '400') return status
  if (status === '424' && /^exit-code: 3$/im.test(head)) return '424 verdict'
  if (!/^content-type: application\/problem\+json$/im.test(head)) return `${status} that is no problem`
  if (request.startsWith('HEAD ')) return `${status} to HEAD`
  return `${status} ${(JSON.parse(rest.join('\r\n\r\n')) as { code: string }).code}`
}
