import { describe, expect, it } from 'vitest'
import { ClientError } from './client-error.ts'
import { askedDelayMs, isPassing, isPassingForJob, pause, retryDelayMs } from './retry.ts'

const error = (status?: number, code?: string, isUseless = false) =>
  new ClientError('x', { ...(status !== undefined && { status }), code, isUseless })

describe('what is asked again', () => {
  it.each([
    ['a connection that breaks', error(), true, true],
    ['a certificate that is wrong', error(undefined, undefined, true), false, true],
    ['a wrong token', error(401, 'unauthorized'), false, false],
    ['too many wrong tokens', error(429, 'too_many_failures'), false, false],
    ['a proxy that has too much to do', error(429), true, true],
    ['two services of one name', error(409, 'ambiguous_service'), false, false],
    ['a service that is gone', error(410, 'service_gone'), false, false],
    ['a service that is frozen', error(423, 'service_frozen'), false, false],
    ['a slip of the pen', error(400, 'bad_request'), false, false],
    ['too many jobs', error(503, 'too_many_jobs'), true, true],
    ['an API that stops', error(503, 'stopping'), true, true],
    ['a bug of the API', error(500, 'internal'), false, true],
    ['a page with 502', error(502), true, true],
    ['a page with 504', error(504), true, true],
    ['a page with 404', error(404), false, true],
    ['a page with 200', error(200), false, true],
  ])('%s: before there is a job, and after', (_, failed, before, after) => {
    expect(isPassing(failed)).toBe(before)
    expect(isPassingForJob(failed)).toBe(after)
  })
})

describe('the time before the next attempt', () => {
  it.each([
    [0, 0, 250, 500],
    [1, 0, 500, 1000],
    [3, 0, 2000, 4000],
    [50, 0, 5000, 10_000],
    [0, 5000, 5000, 5000],
    [50, 3000, 5000, 10_000],
  ])('after attempt %i, when %i ms are asked for, is %i to %i ms', (attempt, asked, least, most) => {
    expect(retryDelayMs(attempt, asked, () => 0)).toBe(least)
    expect(retryDelayMs(attempt, asked, () => 1)).toBe(most)
  })

  it.each([
    [undefined, 0],
    ['5', 5000],
    ['0', 0],
    ['Thu, 01 Jan 2026 12:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['3600', 30_000],
    ['Thu, 01 Jan 2037 12:00:00 GMT', 30_000],
    ['soon', 0],
    ['-5', 0],
  ])('is asked for by Retry-After: %s', (header, expected) => {
    expect(askedDelayMs(header, Date.parse('2026-01-01T12:00:00Z'))).toBe(expected)
  })

  it('ends when nobody waits any more', async () => {
    const controller = new AbortController()
    const paused = pause(3_600_000, controller.signal)
    controller.abort()
    await expect(paused).resolves.toBeUndefined()
  })
})
