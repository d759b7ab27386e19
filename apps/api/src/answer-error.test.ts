import { RefusedError } from '@redeployster/shared/contract/errors'
import { Hono } from 'hono'
import { expect, it, vi } from 'vitest'
import { answerError } from './answer-error.ts'
import { unauthorized } from './authenticate.ts'
import type { ApiEnv, Parts } from './parts.ts'

const error = vi.fn<(line: object, message: string) => void>()
const logger = { error, warn: vi.fn<() => void>() } as unknown as Parts['logger']

it.each([
  [new RefusedError('service_gone', 'It is gone.'), 410, 'service_gone', /^It is gone.$/],
  [new Error('Command timed out'), 503, 'redis_unavailable', /try again/],
  [new TypeError('x is not a function'), 500, 'internal', /^This should not happen. Look for the request id/],
])('answers %s', async (thrown, status, code, detail) => {
  const answer = await answerTo(thrown)
  expect(answer.status).toBe(status)
  expect(await answer.json()).toMatchObject({ status, code, detail: expect.stringMatching(detail) as string })
})

it('keeps to the log what must not happen', async () => {
  error.mockClear()
  const thrown = new TypeError('x is not a function')
  await answerTo(thrown)
  expect(error).toHaveBeenCalledWith(expect.objectContaining({ err: thrown }), expect.any(String))
})

it('counts those who failed to authenticate and nobody else, and tells them when to come back', async () => {
  const count = vi.fn<() => Promise<number | undefined>>(() => Promise.resolve(42))
  expect((await answerTo(new RefusedError('service_gone', 'It is gone.'), count)).status).toBe(410)
  expect(count).not.toHaveBeenCalled()

  const answer = await answerTo(unauthorized(), count)
  expect(answer.status).toBe(429)
  expect(answer.headers.get('retry-after')).toBe('42')
  expect(await answer.json()).toMatchObject({ code: 'too_many_failures' })
})

async function answerTo(
  thrown: Error,
  count: () => Promise<number | undefined> = () => Promise.resolve(undefined),
): Promise<Response> {
  const app = new Hono<ApiEnv>()
  app.onError((it, c) => answerError(c, { logger, failedAuths: { count } }, it))
  app.get('/', () => {
    throw thrown
  })
  return app.request('/', {}, {})
}
