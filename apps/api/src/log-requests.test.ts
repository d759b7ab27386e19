import { createLogger } from '@redeployster/shared/runtime/logger'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { setStage, startTestApi, type Stage } from './testing/api.ts'
import { ask, open } from './testing/http.ts'

const token = 'dolphin'
const written = vi.fn<(line: object, message: string) => void>()

let stage: Stage
let api: Awaited<ReturnType<typeof startTestApi>>
beforeAll(async () => {
  const logger = Object.assign(createLogger('silent'), { info: written, warn: written, error: written })
  stage = await setStage()
  api = await startTestApi(stage.redis, {}, logger)
})
beforeEach(() => written.mockClear())
afterAll(async () => {
  await api.stop()
  await stage.stop()
})

it('writes one line a request', async () => {
  const { headers } = await ask(api.port, 'GET /jobs', { token })
  expect(written.mock.calls).toEqual([
    [
      {
        requestId: headers['x-request-id'],
        method: 'GET',
        path: '/jobs',
        status: 200,
        ms: expect.any(Number) as number,
      },
      'Request',
    ],
  ])
})

it('writes one more when a stream ends, with the exit code', async () => {
  const answer = await open(api.port, 'POST /hello', { token })
  const job = await stage.worker.take('shop/hello')
  await stage.worker.conclude(job, 3)
  await answer.end()
  expect(written.mock.lastCall).toEqual([
    expect.objectContaining({ job: job.id, exitCode: 3, requestId: answer.headers['x-request-id'] }),
    'Stream ended',
  ])
})

it('writes the status of an answer that is a stream', async () => {
  await ask(stage.port, 'POST /hello?async', { token })
  const job = await stage.worker.take('shop/hello')
  await stage.worker.conclude(job, 3)
  await ask(api.port, `GET /jobs/${job.id}/verdict`, { token })
  const lines = written.mock.calls.flatMap(([line, message]) => (message === 'Request' ? [line] : []))
  expect(lines).toEqual([expect.objectContaining({ status: 424 })])
})

it('tells a client that left from a stream that ended', async () => {
  const answer = await open(api.port, 'POST /hello', { token })
  answer.leave()
  await expect.poll(() => written.mock.lastCall?.[1]).toBe('Client left')
})

it('writes no token, nor anything that stands in a header or a query', async () => {
  await ask(api.port, 'GET /jobs?token=dolphin&limit=5', { token })
  await ask(api.port, 'POST /nobody?token=dolphin', {
    headers: { authorization: 'dolphin', cookie: 'dolphin' },
  })
  expect(written).toHaveBeenCalledTimes(2)
  expect(JSON.stringify(written.mock.calls)).not.toContain('dolphin')
})
