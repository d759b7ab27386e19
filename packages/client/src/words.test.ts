import { describe, expect, it } from 'vitest'
import { ending, job } from './testing/jobs.ts'
import { endingText, isWorthKeeping, jobTookMs, tookText, unsaidReason } from './words.ts'

it.each([
  [ending(0), 'shop/hello succeeded'],
  [ending(18), 'shop/hello failed with exit code 18'],
  [ending(124, { state: 'timed-out' }), 'shop/hello took too long and ended with exit code 124'],
  [ending(126, { state: 'rejected' }), 'shop/hello was rejected and ended with exit code 126'],
])('says of a deploy how it ended', (end, expected) => {
  expect(endingText(end, job())).toBe(expected)
})

it.each([
  [-1, '0 s'],
  [59_400, '59 s'],
  [59_600, '1 min 0 s'],
  [125_000, '2 min 5 s'],
  [3_660_000, '1 h 1 min'],
])('says of %i ms: %s', (ms, expected) => {
  expect(tookText(ms)).toBe(expected)
})

it('takes the time of a job from its request to its verdict', () => {
  expect(jobTookMs(job())).toBeUndefined()
  expect(jobTookMs(job({ finishedAt: '2026-01-01T12:00:05.000Z' }))).toBe(5000)
})

describe('the reason of a verdict', () => {
  const rejected = ending(126, { reason: 'rejected: no such file' })
  it('is said when the log does not say it', () => {
    expect(unsaidReason(rejected, ['out'])).toBe('redeployster: rejected: no such file')
  })
  it('is not said twice', () => {
    expect(unsaidReason(rejected, ['out', 'redeployster: rejected: no such file'])).toBeUndefined()
    expect(unsaidReason(ending(0), [])).toBeUndefined()
  })
})

it.each([
  ['redeployster: still running (45 s)', false],
  ['redeployster: still queued (15 s)', false],
  ['redeployster: still running (45 s); Redis is away, and the log goes on when it is back', true],
  ['redeployster: API stopping; job 1 goes on', true],
])('keeps of what is said while nothing happens: %s: %s', (aside, expected) => {
  expect(isWorthKeeping(aside)).toBe(expected)
})
