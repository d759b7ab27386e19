import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StopReason } from './job-directory.ts'
import { createStopOrder, limitTime } from './stop-order.ts'

describe('an order to stop', () => {
  it('is kept before it is obeyed, so that it outlives the worker', async () => {
    const kept: [StopReason, boolean][] = []
    const stop = createStopOrder(undefined, async (reason) => {
      kept.push([reason, stop.signal.aborted])
    })
    await stop.give('cancel')
    expect(kept).toEqual([['cancel', false]])
    expect(stop.signal.aborted).toBe(true)
  })

  it('stays what it was first, however often it is given', async () => {
    const kept: StopReason[] = []
    const stop = createStopOrder(undefined, async (reason) => void kept.push(reason))
    await Promise.all([stop.give('cancel'), stop.give('timeout'), stop.give('cancel')])
    expect(stop.reason).toBe('cancel')
    expect(kept).toEqual(['cancel'])
  })

  it('that an earlier worker was given holds from the begin', () => {
    const stop = createStopOrder('timeout')
    expect([stop.reason, stop.signal.aborted]).toEqual(['timeout', true])
  })
})

describe('a time limit', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const minute = 60_000
  const day = 1440 * minute

  it.each([
    { what: 'is not there yet', inMs: minute, passedMs: minute - 1, reason: undefined },
    { what: 'is reached', inMs: minute, passedMs: minute, reason: 'timeout' },
    { what: 'was over before anybody looked', inMs: -day, passedMs: 1, reason: 'timeout' },
    { what: 'is further away than a timer can be set', inMs: 100 * day, passedMs: day, reason: undefined },
  ])('that $what gives $reason', async ({ inMs, passedMs, reason }) => {
    const stop = createStopOrder()
    limitTime(stop, inMs)
    await vi.advanceTimersByTimeAsync(passedMs)
    expect(stop.reason).toBe(reason)
  })

  it('that was released gives nothing', async () => {
    const stop = createStopOrder()
    limitTime(stop, minute)()
    await vi.advanceTimersByTimeAsync(day)
    expect(stop.reason).toBeUndefined()
  })
})
