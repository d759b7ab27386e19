import { exitCode } from '@redeployster/shared/contract/job'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StepEnd } from './runner/run-step.ts'
import {
  expired,
  failureOfGate,
  failureOfPull,
  failureOfUp,
  interrupted,
  rejected,
  stopped,
  stoppedInGate,
  succeeded,
  unreadable,
} from './verdicts.ts'

const verdictOfUp = (end: StepEnd) => failureOfUp(end) ?? succeeded

const ends = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom<StepEnd>('lost', 'not-started'))

describe('every verdict', () => {
  it('says why, unless the deploy succeeded', () => {
    for (const verdict of [expired, interrupted, rejected('no'), unreadable(14)]) {
      expect(verdict.reason).toMatch(/.{20}/)
    }
    fc.assert(
      fc.property(ends, (end) => {
        const { state, reason = '' } = verdictOfUp(end)
        expect(reason.length > 20).toBe(state !== 'succeeded')
      }),
    )
  })

  it('has exit code 0 if and only if the deploy succeeded', () => {
    fc.assert(
      fc.property(ends, (end) => {
        const { state, exitCode } = verdictOfUp(end)
        expect(exitCode === 0).toBe(state === 'succeeded')
        expect(exitCode === 0).toBe(end === 0)
      }),
    )
  })

  it('says whether it is safe to repeat the request', () => {
    for (const { started, reason } of [expired, rejected('no'), unreadable(14), verdictOfUp('not-started')]) {
      expect({ started, reason }).toEqual({
        started: false,
        reason: expect.stringMatching(/nothing was started|safe/),
      })
    }
    for (const end of [0, 1, 127, 137, 'lost'] as const) expect(verdictOfUp(end).started).toBe(true)
  })
})

describe('the verdict of compose’s end', () => {
  it.each([
    { end: 0, state: 'succeeded', code: 0, says: undefined },
    { end: 1, state: 'failed', code: 1, says: 'exit code 1' },
    { end: 14, state: 'failed', code: 14, says: 'exit code 14' },
    {
      end: 127,
      state: 'failed',
      code: exitCode.noCompose,
      says: 'mend its image; or docker compose, so install it again',
    },
    { end: 137, state: 'failed', code: 137, says: 'killed by signal 9' },
    { end: 143, state: 'failed', code: 143, says: 'killed by signal 15' },
    { end: 255, state: 'failed', code: 255, says: 'exit code 255' },
    { end: 'lost', state: 'interrupted', code: exitCode.unknown, says: 'how it ended is unknown' },
    { end: 'not-started', state: 'interrupted', code: exitCode.unknown, says: 'before it started' },
  ] as const)('$end is $state with exit code $code', ({ end, state, code, says }) => {
    const verdict = verdictOfUp(end)
    expect(verdict).toMatchObject({ state, exitCode: code })
    expect(verdict.reason ?? '').toContain(says ?? '')
  })
})

it('rejects with the reason in words, and its own exit code', () => {
  expect(rejected('its file is gone')).toEqual({
    state: 'rejected',
    exitCode: exitCode.rejected,
    started: false,
    reason: 'rejected, nothing was started: its file is gone',
  })
})

it('passes compose’s own exit code on when it cannot read the files', () => {
  expect(unreadable(15)).toMatchObject({ state: 'failed', exitCode: 15 })
})

it('does not blame the compose file when there is no compose to read it', () => {
  expect(unreadable(exitCode.noCompose)).toMatchObject({
    exitCode: exitCode.noCompose,
    started: false,
    reason: expect.stringMatching(
      /^nothing was started, since docker compose is no longer where it was/,
    ) as string,
  })
})

it('refuses the job when compose can be found and not be started', () => {
  expect(unreadable(126)).toMatchObject({ state: 'rejected', exitCode: exitCode.rejected, started: false })
})

it('says after a pull that failed that nothing was touched', () => {
  expect(failureOfPull(0)).toBeUndefined()
  for (const [end, state, code] of [
    [18, 'failed', 18],
    ['lost', 'interrupted', exitCode.unknown],
  ] as const) {
    expect(failureOfPull(end)).toMatchObject({
      state,
      exitCode: code,
      started: false,
      reason: expect.stringContaining('nothing was touched'),
    })
  }
  expect(failureOfPull('not-started')).toMatchObject({ state: 'interrupted', started: false })
})

it('has the exit code of a one-shot that failed, though compose said 0', () => {
  expect(failureOfGate(3, 'it ended')).toMatchObject({ state: 'failed', exitCode: 3, started: true })
})

it.each([
  { why: 'timeout', state: 'timed-out', code: 124 },
  { why: 'cancel', state: 'cancelled', code: 130 },
] as const)('says after a $why what may be half done, and how to heal it', ({ why, state, code }) => {
  expect(stopped(why, true)).toMatchObject({ state, exitCode: code, started: true })
  expect(stopped(why, true).reason).toMatch(/half replaced, or down: deploy again/)
  expect(stopped(why, false)).toMatchObject({
    started: false,
    reason: expect.stringContaining('nothing was touched'),
  })
  expect(stoppedInGate(why)).toMatchObject({ state, exitCode: code, started: true })
  expect(stoppedInGate(why).reason).toMatch(/compose is done, but nobody knows whether the service works/)
})
