import type { HostInfo } from '@redeployster/shared/contract/catalogue-entry'
import { newJobId, type JobState } from '@redeployster/shared/contract/job'
import { expect, it } from 'vitest'
import { heartbeat, isForsaken, isLost, type Sight } from './heartbeat.ts'
import { alpha } from './testing/api.ts'

const now = Date.parse('2026-01-01T12:00:00.000Z')
const startBy = '2026-01-01T12:10:00.000Z'
const id = newJobId()

it.each<[string, Sight, string]>([
  ['the worker lives', sight('running', seen(5)), 'still running (45 s)'],
  ['the worker lives and the job waits', sight('queued', seen(20)), 'still queued (45 s)'],
  [
    'the worker has been silent for long, and the job waits',
    sight('queued', seen(21)),
    `no worker on host alpha since 2026-01-01T11:59:39.000Z; start it there by ${startBy}, until when job ${id} waits for it`,
  ],
  [
    'the worker has been silent for long, and the job runs',
    sight('running', seen(3600)),
    'no worker on host alpha since 2026-01-01T11:00:00.000Z; start it there: what runs goes on by itself, ' +
      'but only a worker can tell the verdict',
  ],
  [
    'the worker has been silent for long, and the job waits behind its pull',
    pulled(seen(21)),
    `no worker on host alpha since 2026-01-01T11:59:39.000Z; start it there: job ${id} waits for its lane, and only a worker can go on with it`,
  ],
  [
    'the worker is unknown',
    sight('queued', undefined),
    `no worker on host ALPHA-ID; start it there by ${startBy}, until when job ${id} waits for it`,
  ],
  [
    'Redis is away',
    { ...sight('running', undefined), isRedisAway: true },
    'still running (45 s); Redis is away, and the log goes on when it is back',
  ],
])('tells what a silent stream waits for when %s', (_, sight, text) => {
  expect(heartbeat(sight, now, 45_123)).toBe(`redeployster: ${text}`)
})

const late = Date.parse(startBy) + 1

it.each<[string, Sight, number, boolean]>([
  ['its time has run out and no worker is there', sight('queued', undefined), late, true],
  ['its time has not run out', sight('queued', undefined), late - 1, false],
  ['a worker is there, which will say so itself', sight('queued', seen(0, late)), late, false],
  ['a worker has begun it', sight('running', undefined), late, false],
  ['a worker has begun it, and it waits behind its pull', pulled(undefined), late, false],
  [
    'Redis is away, so that nothing is known',
    { ...sight('queued', undefined), isRedisAway: true },
    late,
    false,
  ],
])('decides whether a job is forsaken: %s', (_, sight, at, expected) => {
  expect(isForsaken(sight, at)).toBe(expected)
})

it.each<[string, Partial<Sight>, number, boolean]>([
  ['its time has run out and Redis does not know it', { hasRecord: false }, Date.parse(startBy) + 1, true],
  ['its time has not run out', { hasRecord: false }, Date.parse(startBy), false],
  ['Redis cannot be asked', { hasRecord: false, isRedisAway: true }, Date.parse(startBy) + 1, false],
  ['Redis knows it', {}, Date.parse(startBy) + 1, false],
])('decides whether a job is lost: %s', (_, more, at, expected) => {
  expect(isLost({ ...sight('queued', undefined), ...more }, at)).toBe(expected)
})

function sight(state: JobState, worker: HostInfo | undefined): Sight {
  return {
    job: { id, host: alpha, state, started: state === 'running', startBy },
    worker,
    isRedisAway: false,
    hasRecord: true,
  }
}

/** A job that is queued again, since it waits for its lane. */
function pulled(worker: HostInfo | undefined): Sight {
  return {
    job: {
      id,
      host: alpha,
      state: 'queued',
      started: false,
      startBy,
      startedAt: new Date(now).toISOString(),
    },
    worker,
    isRedisAway: false,
    hasRecord: true,
  }
}

function seen(secondsAgo: number, at = now): HostInfo {
  const seenAt = new Date(at - secondsAgo * 1000).toISOString()
  return { id: alpha, name: 'alpha', engine: '24', compose: '2.26', seenAt }
}
