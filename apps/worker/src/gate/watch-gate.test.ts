import { requestOf } from '@redeployster/shared/testing/requests'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Docker } from '../catalogue/docker.ts'
import { steadyNowMs } from '../steady-clock.ts'
import type { LaneCondition } from './judge.ts'
import { createJudging, watchGate } from './watch-gate.ts'

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

describe('without a container of the service', () => {
  const container: LaneCondition = {
    id: 'id',
    name: 'name',
    service: 'hello',
    status: 'running',
    exitCode: 0,
    startedAtMs: 0,
    restarts: 0,
    health: undefined,
    startPeriodMs: 0,
  }

  /** An engine whose containers, by their service, the test chooses. */
  function engineWith(services: readonly string[]) {
    const there = new Set(services)
    const listed = { id: 'id', created: 0, image: '', imageId: '', state: '', status: '', labels: {} }
    const docker: Pick<Docker, 'containers' | 'condition'> = {
      containers: async (of) => (typeof of === 'object' && there.has(of.service) ? [listed] : []),
      condition: async () => container,
    }
    return { docker: docker as Docker, there }
  }

  function watch(docker: Docker) {
    const watched = { ...requestOf('shop/hello'), lane: ['hello', 'db'] }
    const watching = { gateMs: 60_000, startMs: steadyNowMs(), sinceMs: steadyNowMs() }
    const before = [{ id: 'id', startedAtMs: 0, ran: true }]
    return watchGate(docker, watched, before, watching, new AbortController().signal)
  }

  it.each([{ services: [] }, { services: ['db'] }])(
    'the gate fails when its time is up, with $services there',
    async ({ services }) => {
      const end = watch(engineWith(services).docker)
      await vi.advanceTimersByTimeAsync(61_000)
      expect(await end).toMatchObject({
        kind: 'failed',
        exitCode: 1,
        reason: expect.stringContaining('no container of hello') as string,
      })
    },
  )

  it('the gate waits for one', async () => {
    const { docker, there } = engineWith([])
    const end = watch(docker)
    await vi.advanceTimersByTimeAsync(30_000)
    there.add('hello')
    await vi.advanceTimersByTimeAsync(1000)
    expect(await end).toEqual({ kind: 'passed', count: 0 })
  })
})
