import * as fc from 'fast-check'
import { pino } from 'pino'
import { v7 } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { jobId, type JobId, type JobRequest, type Verdict } from '../contract/job.ts'
import { createLogWriter } from '../log/redis-log-writer.ts'
import { connectRedis, type Redis } from '../redis/connect.ts'
import { keys, prefix } from '../redis/keys.ts'
import { startRedis, type TestRedis } from '../testing/redis.ts'
import { keyOf, requestOf } from '../testing/requests.ts'
import type { HistoryLimits } from './history-keeper.ts'
import type { Jobs } from './jobs.ts'
import { createHistoryKeeper } from './redis-history-keeper.ts'
import { createJobs } from './redis-jobs.ts'

const succeeded: Verdict = { state: 'succeeded', exitCode: 0, started: true }
const day = 86_400_000
const plenty: HistoryLimits = { logBytes: 1e9, jobsPerService: 1e6, days: 90 }

let server: TestRedis
let redis: Redis
let jobs: Jobs
beforeAll(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'patient', pino({ level: 'silent' }))
  jobs = createJobs(redis)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await redis.flushall()
})

describe('logs that take too much', () => {
  it('go, the one that ended first before the others, and their records stay', async () => {
    const [first, second, third] = [await accepted(), await accepted(), await accepted()]
    for (const request of [second, first, third]) await ended(request, 10_000)
    await keeper({ logBytes: 22_000 }).trimAll()
    expect(await haveLogs([first, second, third])).toEqual([true, false, true])
    expect((await jobs.list({ limit: 9 })).length).toBe(3)
    expect(Number(await redis.get(keys.endedLogBytes))).toBeLessThan(22_000)
  })

  it('are only those of jobs that have ended', async () => {
    const [running, done] = [await accepted(), await accepted()]
    await append(running.id, 50_000)
    await ended(done, 10)
    await ended(await accepted(), 10)
    await keeper({ logBytes: 100 }).trimAll()
    expect(await haveLogs([running, done])).toEqual([true, false])
  })

  it('are not the newest one', async () => {
    const request = await accepted()
    await ended(request, 10_000)
    await keeper({ logBytes: 100 }).trimAll()
    expect(await haveLogs([request])).toEqual([true])
  })

  it('go by the hundred at most, and the rest at the next calls', async () => {
    for (let count = 0; count < 250; count++) await ended(await accepted(), 100)
    const trimmed = keeper({ logBytes: 1 })
    const left: number[] = []
    for (let call = 0; call < 4; call++) {
      await trimmed.trimAll()
      left.push((await redis.keys(keys.log('*'))).length)
    }
    expect(left).toEqual([150, 50, 1, 1])
  })
})

it('is not held up by a record that is none', async () => {
  const age = (days: number) => Date.now() - days * day
  const [spoilt, old] = [await accepted('shop/hello', age(100)), await accepted('shop/hello', age(99))]
  await redis.set(keys.job(spoilt.id), 'x')
  await keeper({ days: 90 }).trimAll()
  expect(await redis.zrange(keys.history, 0, '-1')).toEqual([])
  expect(await jobs.get(old.id)).toBeUndefined()
})

describe('jobs that are too many', () => {
  it('go with their logs, oldest first, and only those of that service', async () => {
    const mine = [await accepted(), await accepted(), await accepted()]
    const other = await accepted('shop/cart')
    for (const request of [...mine, other]) await ended(request, 10)
    await keeper({ jobsPerService: 2 }).trimService(keyOf('shop/hello'))
    expect(await listed()).toEqual([mine[1]?.id, mine[2]?.id, other.id])
    expect(await haveLogs(mine)).toEqual([false, true, true])
  })

  it('stay while they wait or run', async () => {
    const [running, waiting, done, newest] = [
      await accepted(),
      await accepted(),
      await accepted(),
      await accepted(),
    ]
    await jobs.begin(running, new Date())
    await ended(done, 10)
    await ended(newest, 10)
    await keeper({ jobsPerService: 1 }).trimService(keyOf('shop/hello'))
    expect(await listed()).toEqual([running.id, waiting.id])
  })
})

describe('jobs that are too old', () => {
  it('go, and also those that nobody has begun, but none that runs', async () => {
    const old = Date.now() - 91 * day
    const [running, waiting, done] = [
      await accepted('a/a', old),
      await accepted('a/b', old),
      await accepted('a/c', old),
    ]
    const young = await accepted('a/a', Date.now() - 89 * day)
    await jobs.begin(running, new Date())
    for (const request of [done, young]) await ended(request, 10)
    await keeper({}).trimAll()
    expect(await listed()).toEqual([running.id, young.id])
    expect(await redis.keys('*')).not.toContain(keys.serviceHistory(keyOf('a/b')))
    expect(await redis.exists(keys.job(waiting.id), keys.job(done.id), keys.log(done.id))).toBe(0)
  })

  it('leave nothing behind', async () => {
    const requests = [await accepted('a/a', 1e12), await accepted('a/b', 1e12)]
    for (const request of requests) await ended(request, 1000)
    await keeper({}).trimAll()
    expect(await redis.keys('*')).toEqual([keys.endedLogBytes])
    expect(await redis.get(keys.endedLogBytes)).toBe('0')
  })

  it('are forgotten also when their record is lost', async () => {
    const { id } = await accepted('a/a', 1e12)
    await redis.del(keys.job(id))
    await keeper({}).trimAll()
    expect(await redis.zcard(keys.history)).toBe(0)
  })
})

it('keeps the newest and what runs, and counts right, whatever happens in which order', async () => {
  const action = fc.oneof(
    fc.record({
      kind: fc.constant('accept' as const),
      service: fc.constantFrom('a/a', 'a/b'),
      ageDays: fc.constantFrom(0, 1, 89, 91, 120),
    }),
    fc.record({
      kind: fc.constantFrom('begin' as const, 'append' as const, 'end' as const),
      at: fc.nat(20),
      length: fc.nat(3000),
    }),
    fc.record({ kind: fc.constant('trim' as const), service: fc.constantFrom('a/a', 'a/b') }),
  )
  const limits = fc.record({
    logBytes: fc.nat(8000),
    jobsPerService: fc.integer({ min: 1, max: 4 }),
    days: fc.constant(90),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 50 }), limits, async (actions, bounds) => {
      await redis.flushall()
      const all: {
        request: JobRequest
        state: 'queued' | 'running' | 'ended'
        next: number
        old: boolean
      }[] = []
      for (const it of actions) {
        if (it.kind === 'accept') {
          const request = await accepted(it.service, Date.now() - it.ageDays * day)
          all.push({ request, state: 'queued', next: 1, old: it.ageDays > 90 })
          continue
        }
        if (it.kind === 'trim') {
          await createHistoryKeeper(redis, bounds).trimService(keyOf(it.service))
          continue
        }
        const job = all[it.at % Math.max(1, all.length)]
        if (!job) continue
        if (it.kind === 'begin' && job.state === 'queued') {
          await jobs.begin(job.request, new Date())
          job.state = 'running'
        }
        if (it.kind === 'append' && job.state === 'running')
          await append(job.request.id, it.length, job.next++)
        if (it.kind === 'end' && job.state === 'running') {
          await jobs.conclude(job.request, succeeded)
          job.state = 'ended'
        }
      }
      const keeping = createHistoryKeeper(redis, bounds)
      await keeping.trimAll()
      for (const service of ['a/a', 'a/b']) await keeping.trimService(keyOf(service))

      const kept = new Set(await redis.zrange(keys.history, 0, '-1'))
      for (const { request, state, old } of all) {
        const mustStay = state === 'running' || (state === 'queued' && !old)
        const mustGo = state !== 'running' && old
        expect(kept.has(request.id)).toBe(mustStay || (!mustGo && kept.has(request.id)))
      }
      for (const service of ['a/a', 'a/b']) {
        const ids = await redis.zrange(keys.serviceHistory(keyOf(service)), 0, '-1')
        const unended = all.filter(({ request, state }) => state !== 'ended' && ids.includes(request.id))
        expect(ids.length).toBeLessThanOrEqual(Math.max(bounds.jobsPerService, unended.length))
        expect(ids.every((id) => kept.has(id))).toBe(true)
      }
      const logs = await redis.zrange(keys.endedLogs, 0, '-1')
      const bytes = await Promise.all(
        logs.map(async (id) => Number(await redis.hget(keys.job(id), 'logBytes'))),
      )
      const total = bytes.reduce((sum, it) => sum + it, 0)
      expect(Number(await redis.get(keys.endedLogBytes))).toBe(total)
      expect(total).toBeLessThanOrEqual(logs.length > 1 ? bounds.logBytes : Infinity)
      const ids = (await redis.keys(keys.log('*'))).map((key) => key.slice(`${prefix}:log:`.length))
      expect(ids.every((id) => kept.has(id))).toBe(true)
      expect((await redis.keys(keys.job('*'))).length).toBe(kept.size)
    }),
    { numRuns: 60 },
  )
})

function keeper(limits: Partial<HistoryLimits>) {
  return createHistoryKeeper(redis, { ...plenty, ...limits })
}

async function accepted(name = 'shop/hello', msecs?: number): Promise<JobRequest> {
  const request = requestOf(name, msecs === undefined ? {} : { id: jobId.parse(v7({ msecs })) })
  await jobs.accept(request)
  return request
}

async function append(id: JobId, length: number, first = 1) {
  const writer = createLogWriter(redis, 1e9)
  await writer.append(id, { first, lines: ['x'.repeat(length)] }, { step: 'up', offset: 0 })
}

async function ended(request: JobRequest, length: number) {
  await append(request.id, length)
  await jobs.conclude(request, succeeded)
}

async function listed() {
  return (await jobs.list({ limit: 99 })).map(({ id }) => id).reverse()
}

function haveLogs(requests: readonly JobRequest[]) {
  return Promise.all(requests.map(async ({ id }) => (await redis.exists(keys.log(id))) === 1))
}
