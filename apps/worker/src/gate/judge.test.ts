import { describe, expect, it } from 'vitest'
import {
  hasChanged,
  judge,
  judgeUnchanged,
  settleMs,
  toMark,
  type ContainerCondition,
  type ContainerMark,
  type Judgement,
  type LaneCondition,
} from './judge.ts'

const gate = { gateMs: 60_000, sinceMs: 0 }

function container(rest: Partial<ContainerCondition> = {}): ContainerCondition {
  return {
    id: 'c1',
    name: 'hello-1',
    status: 'running',
    exitCode: 0,
    startedAtMs: 0,
    restarts: 0,
    health: undefined,
    startPeriodMs: 0,
    ...rest,
  }
}

describe('a container that a deploy has started', () => {
  it.each<[string, Partial<ContainerCondition>, number, string]>([
    ['without a healthcheck runs for less than the settle time', {}, settleMs - 1, 'wait'],
    ['without a healthcheck runs for the settle time', {}, settleMs, 'pass'],
    ['is healthy', { health: 'healthy' }, 1, 'pass'],
    ['is unhealthy', { health: 'unhealthy' }, 1, 'fail'],
    ['is not healthy yet', { health: 'starting' }, 59_999, 'wait'],
    ['is not healthy when the gate is over', { health: 'starting' }, 60_000, 'fail'],
    [
      'is not healthy yet in its start period',
      { health: 'starting', startPeriodMs: 90_000 },
      149_999,
      'wait',
    ],
    [
      'is not healthy after start period and gate',
      { health: 'starting', startPeriodMs: 90_000 },
      150_000,
      'fail',
    ],
    ['has ended with 0, as a one-shot does', { status: 'exited' }, 1, 'pass'],
    ['has ended with 0 though it has a healthcheck', { status: 'exited', health: 'healthy' }, 1, 'fail'],
    ['is being restarted', { status: 'restarting', exitCode: 3 }, 1, 'fail'],
    ['runs again after a crash', { restarts: 1 }, 1, 'fail'],
    ['is only created', { status: 'created' }, 59_999, 'wait'],
    ['is still only created when the gate is over', { status: 'created' }, 60_000, 'fail'],
  ])('%s', (_, condition, nowMs, kind) => {
    expect(judge(container(condition), nowMs, gate).kind).toBe(kind)
  })

  it('gives a one-shot that failed its own exit code', () => {
    expect(judge(container({ status: 'exited', exitCode: 3 }), 1, gate)).toMatchObject({
      kind: 'fail',
      exitCode: 3,
    })
  })

  it.each([
    [{ status: 'restarting', exitCode: 3 }, 'hello-1 ends with exit code 3 and is restarted again and again'],
    // While it runs again Docker shows 0, whatever it ended with.
    [{ restarts: 1, exitCode: 0 }, 'hello-1 ends and is restarted again and again'],
  ])('says of a crash loop only what is known: %j', (condition, reason) => {
    expect(judge(container(condition), 1, gate)).toMatchObject({ kind: 'fail', exitCode: 1, reason })
  })

  it('never fails with exit code 0', () => {
    const ended = container({ status: 'exited', health: 'healthy' })
    expect(judge(ended, 1, gate)).toMatchObject({ kind: 'fail', exitCode: 1 })
  })
})

describe('a container of the service that a deploy left as it was', () => {
  it.each<[string, Partial<ContainerCondition>, Judgement['kind']]>([
    ['runs for long', {}, 'pass'],
    ['is healthy, and was restarted long ago', { health: 'healthy', restarts: 4 }, 'pass'],
    ['is a one-shot that ended with 0', { status: 'exited' }, 'pass'],
    ['is unhealthy', { health: 'unhealthy' }, 'fail'],
    ['waits for its next start', { status: 'restarting', restarts: 4 }, 'fail'],
    ['was started a moment ago', { startedAtMs: 99_000, restarts: 4 }, 'wait'],
    ['is not healthy yet', { startedAtMs: 99_000, health: 'starting' }, 'wait'],
  ])('and that %s', (_, rest, kind) => {
    expect(judgeUnchanged(container(rest), 100_000, gate)).toMatchObject({ kind })
  })
})

describe('a container', () => {
  it.each<[string, Partial<ContainerMark>, Partial<LaneCondition>, boolean]>([
    ['has not changed when it ran before and was not touched', {}, {}, false],
    ['has changed when it is new', { id: 'c0' }, {}, true],
    ['has changed when it was started again', {}, { startedAtMs: 9 }, true],
    ['of a dependency has changed when it is new', { id: 'c0' }, { service: 'db' }, true],
    [
      'of a dependency has changed when it was started',
      { ran: false },
      { service: 'db', startedAtMs: 9 },
      true,
    ],
    ['of a dependency has not changed when it was not started', { ran: false }, { service: 'db' }, false],
    [
      'of a dependency has not changed when Docker restarts it',
      {},
      { service: 'db', startedAtMs: 9, restarts: 4 },
      false,
    ],
  ])('%s', (_, was, is, changed) => {
    const before = { id: 'c1', startedAtMs: 5, ran: true, ...was }
    const now = { ...container(), startedAtMs: 5, service: 'hello', ...is }
    expect(hasChanged([before], now, 'hello')).toBe(changed)
  })

  it.each([
    ['running', true],
    ['restarting', true],
    ['exited', false],
    ['created', false],
  ])('that was %s is known to have run: %s', (status, ran) => {
    expect(toMark(container({ status }))).toEqual({ id: 'c1', startedAtMs: 0, ran })
  })
})
