import { requestOf } from '@redeployster/shared/testing/requests'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { steadyNowMs } from '../steady-clock.ts'
import type { LaneCondition } from './judge.ts'
import { createJudging } from './watch-gate.ts'

const hour = 3_600_000
const jumps = [
  { how: 'stays as it is', byMs: 0 },
  { how: 'is set forward by a day', byMs: 24 * hour },
  { how: 'is set back by an hour', byMs: -hour },
]

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const setClock = (byMs: number) => vi.setSystemTime(Date.now() + byMs)

/** A container that is started now, and a look at it. */
function start() {
  const container: LaneCondition = {
    id: 'new',
    name: 'hello-1',
    service: 'hello',
    status: 'running',
    exitCode: 0,
    // Docker says it by the wall clock.
    startedAtMs: Date.now(),
    restarts: 0,
    health: undefined,
    startPeriodMs: 0,
  }
  const watched = { ...requestOf('shop/hello'), lane: ['hello'] }
  const watching = { gateMs: 60_000, startMs: steadyNowMs(), sinceMs: steadyNowMs() }
  const judge = createJudging(watched, [], watching)
  return () => judge([container])[0]?.judgement.kind
}

it.each(jumps)('a new container has to run for 3 s when the clock $how before the first look', ({ byMs }) => {
  const look = start()
  setClock(byMs)
  expect(look()).toBe('wait')
  vi.advanceTimersByTime(2999)
  expect(look()).toBe('wait')
  vi.advanceTimersByTime(1)
  expect(look()).toBe('pass')
})

it.each(jumps)('and when it $how while it is watched', ({ byMs }) => {
  const look = start()
  expect(look()).toBe('wait')
  vi.advanceTimersByTime(1000)
  setClock(byMs)
  vi.advanceTimersByTime(1999)
  expect(look()).toBe('wait')
  vi.advanceTimersByTime(1)
  expect(look()).toBe('pass')
})
