import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Freeze } from '../contract/freeze.ts'
import { newJobId, type JobId, type JobRequest, type Verdict } from '../contract/job.ts'
import { queueName, type ServiceKey } from '../contract/service.ts'
import type { Freezes } from '../freezes/freezes.ts'
import { createFreezes } from '../freezes/redis-freezes.ts'
import { connectRedis, type Redis } from '../redis/connect.ts'
import { keys } from '../redis/keys.ts'
import { startRedis, type TestRedis } from '../testing/redis.ts'
import { keyOf, requestOf } from '../testing/requests.ts'
import type { HistoryQuery, Jobs } from './jobs.ts'
import { createJobs } from './redis-jobs.ts'

const logger = pino({ level: 'silent' })
const succeeded: Verdict = { state: 'succeeded', exitCode: 0, started: true }
const failed: Verdict = { state: 'failed', exitCode: 3, started: true, reason: 'because' }
const expired: Verdict = { state: 'expired', exitCode: 125, started: false, reason: 'too late' }
const now = new Date('2026-01-01T00:00:00.000Z')

let server: TestRedis
let redis: Redis
let jobs: Jobs
let freezes: Freezes
beforeAll(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'patient', logger)
  jobs = createJobs(redis)
  freezes = createFreezes(redis)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

describe('the record of a job', () => {
  it('holds what was asked, but not the proof, and what has become of it', async () => {
    const request = requestOf('shop/hello')
    const { proof: _, ...asked } = request
    await jobs.accept(request)
    expect(await jobs.get(request.id)).toEqual({ ...asked, state: 'queued', started: false, requests: 1 })
    await jobs.begin(request, now)
    expect(await jobs.get(request.id)).toMatchObject({
      state: 'running',
      started: true,
      startedAt: now.toISOString(),
    })
    await jobs.conclude(request, failed)
    expect(await jobs.get(request.id)).toMatchObject({ ...failed, finishedAt: expect.any(String) as string })
  })

  it('is not there for a job that nobody asked for', async () => {
    expect(await jobs.get(newJobId())).toBeUndefined()
    expect(await jobs.join(newJobId())).toBe('unknown')
    expect(await redis.keys(keys.job('*'))).not.toContain('undefined')
  })

  it('is written once', async () => {
    const request = await accepted('shop/hello')
    await jobs.begin(request, now)
    await jobs.accept(request)
    expect(await jobs.get(request.id)).toMatchObject({ state: 'running' })
  })

  it('is whole also when a worker was quicker than the API', async () => {
    const request = requestOf('shop/hello')
    await jobs.begin(request, now)
    await jobs.accept(request)
    expect(await jobs.get(request.id)).toMatchObject({
      id: request.id,
      state: 'running',
      started: true,
      requests: 1,
    })
  })

  it('counts the requests that share the job, which they can until it begins', async () => {
    const request = await accepted('shop/hello')
    const { id } = request
    expect(await Promise.all([jobs.join(id), jobs.join(id)])).toEqual(['joined', 'joined'])
    await jobs.begin(request, now)
    expect(await jobs.join(id)).toBe('begun')
    expect(await jobs.get(id)).toMatchObject({ requests: 3 })
  })

  it('can be written again with all that is known, should Redis have lost it', async () => {
    const request = requestOf('shop/hello')
    await jobs.begin(request, now)
    await jobs.restore(request)
    expect(await jobs.get(request.id)).toMatchObject({ id: request.id, state: 'running', requests: 1 })
  })

  it('keeps the time at which the job first began', async () => {
    const request = await accepted('shop/hello')
    await jobs.begin(request, now)
    await jobs.begin(request, new Date())
    expect(await jobs.get(request.id)).toMatchObject({ startedAt: now.toISOString() })
  })
})

describe('the verdict', () => {
  it('that was first stands, and everybody is told that one', async () => {
    const request = await accepted('shop/hello')
    expect(await jobs.conclude(request, failed)).toEqual(failed)
    expect(await jobs.conclude(request, succeeded)).toEqual(failed)
    expect(await jobs.get(request.id)).toMatchObject(failed)
  })

  it('is the same for all when many are written at once', async () => {
    const request = await accepted('shop/hello')
    const others = Array.from({ length: 20 }, (_, exitCode) => ({ ...failed, exitCode: exitCode + 1 }))
    const answers = await Promise.all(others.map((it) => jobs.conclude(request, it)))
    expect(new Set(answers.map(({ exitCode }) => exitCode)).size).toBe(1)
    expect(await jobs.get(request.id)).toMatchObject({ exitCode: answers[0]?.exitCode })
  })

  it('is in the record, at the end of the log and announced, all at once', async () => {
    const request = await accepted('shop/hello')
    const listening = redis.duplicate()
    await listening.subscribe(keys.logChannel(request.id))
    const announced = new Promise((resolve) => listening.once('message', (_, message) => resolve(message)))
    await jobs.conclude(request, failed)
    expect(await announced).toBe('verdict')
    const [entry] = await redis.xrevrange(keys.log(request.id), '+', '-', 'COUNT', 1)
    expect(entry).toEqual([`${Number.MAX_SAFE_INTEGER}-0`, ['v', JSON.stringify(failed)]])
    listening.disconnect()
  })

  it('forbids to begin', async () => {
    const request = await accepted('shop/hello')
    await jobs.conclude(request, expired)
    expect(await jobs.begin(request, now)).toBe('over')
    expect(await jobs.get(request.id)).toMatchObject(expired)
  })

  it('finds a place even when Redis has lost the record', async () => {
    const request = requestOf('shop/hello')
    await jobs.conclude(request, failed)
    expect(await jobs.get(request.id)).toMatchObject({ ...failed, id: request.id, service: 'hello' })
  })
})

describe('the verdict of a job whose log is none of ours', () => {
  it.each<[string, (log: string) => Promise<unknown>]>([
    ['is of another type', (log) => redis.set(log, 'x')],
    [
      'ends with an id behind which there is none',
      (log) => redis.xadd(log, `${Number.MAX_SAFE_INTEGER}-1`, 'x', 'y'),
    ],
  ])('is in the record and announced, when the log %s', async (_, spoil) => {
    const [begun, waiting] = [await accepted('shop/hello'), await accepted('shop/hello')]
    for (const { id } of [begun, waiting]) await spoil(keys.log(id))
    const listening = redis.duplicate()
    await listening.subscribe(keys.logChannel(begun.id))
    const announced = new Promise((resolve) => listening.once('message', (__, message) => resolve(message)))
    expect(await jobs.conclude(begun, failed)).toEqual(failed)
    expect(await announced).toBe('verdict')
    expect(await jobs.get(begun.id)).toMatchObject(failed)
    expect(await jobs.concludeUnbegun(waiting.id, expired)).toBe(true)
    expect(await jobs.get(waiting.id)).toMatchObject(expired)
    listening.disconnect()
  })
})

describe('a job that waits for its lane behind its pull', () => {
  async function waiting() {
    const request = await accepted('shop/hello')
    await jobs.begin(request, now)
    await jobs.wait(request.id)
    return request
  }

  it('is queued with nothing touched, and knows when it began', async () => {
    expect(await jobs.get((await waiting()).id)).toMatchObject({
      state: 'queued',
      started: false,
      startedAt: now.toISOString(),
    })
  })

  it('runs again from its next step on', async () => {
    const request = await waiting()
    expect(await jobs.begin(request, new Date())).toBe('begun')
    expect(await jobs.get(request.id)).toMatchObject({
      state: 'running',
      started: true,
      startedAt: now.toISOString(),
    })
  })

  it('has begun: only its worker gives it a verdict, on order or not', async () => {
    const { id } = await waiting()
    expect(await jobs.concludeUnbegun(id, expired)).toBe(false)
    expect(await jobs.askCancel(id)).toBe(true)
  })

  it('is not made by a wait before the pull, nor by one behind the verdict', async () => {
    const request = await accepted('shop/hello')
    await jobs.wait(request.id)
    expect(await jobs.get(request.id)).not.toHaveProperty('startedAt')
    await jobs.conclude(request, failed)
    await jobs.wait(request.id)
    expect(await jobs.get(request.id)).toMatchObject(failed)
  })
})

describe('a job whose service is frozen', () => {
  const freeze: Freeze = { who: 'ada', reason: 'a sale', since: now.toISOString() }

  it('does not begin, and does when the freeze has ended', async () => {
    const request = await accepted('shop/frozen')
    await freezes.put(request, freeze)
    expect(await jobs.begin(request, now)).toBe('frozen')
    expect(await jobs.get(request.id)).toMatchObject({ state: 'queued', started: false })
    await freezes.lift(request)
    expect(await jobs.begin(request, now)).toBe('begun')
  })

  it('goes on when it has begun, as its record says, or somebody who knows better than a lost record', async () => {
    const [told, lost] = [await accepted('shop/late'), await accepted('shop/late')]
    await jobs.begin(told, now)
    await freezes.put(told, freeze)
    expect(await jobs.begin(told, now)).toBe('begun')
    expect(await jobs.begin(lost, now, true)).toBe('begun')
  })
})

describe('a job that nobody has begun', () => {
  it('can be concluded by others than its worker', async () => {
    const request = await accepted('shop/hello')
    expect(await jobs.concludeUnbegun(request.id, expired)).toBe(true)
    expect(await jobs.get(request.id)).toMatchObject(expired)
    expect(await jobs.begin(request, now)).toBe('over')
  })

  it('cannot, once it was begun, is concluded or is not there', async () => {
    const [begun, concluded] = [await accepted('shop/hello'), await accepted('shop/hello')]
    await jobs.begin(begun, now)
    await jobs.conclude(concluded, succeeded)
    expect(await jobs.concludeUnbegun(begun.id, expired)).toBe(false)
    expect(await jobs.concludeUnbegun(concluded.id, expired)).toBe(false)
    expect(await jobs.concludeUnbegun(newJobId(), expired)).toBe(false)
    expect(await jobs.get(concluded.id)).toMatchObject(succeeded)
  })
})

describe('the history', () => {
  let all: JobRequest[]
  beforeAll(async () => {
    await redis.flushall()
    const names = ['shop/hello', 'shop/cart', 'blog/hello']
    all = []
    while (all.length < 300) for (const name of names) all.push(await accepted(name))
    for (const request of all.slice(3, 5)) await jobs.conclude(request, failed)
  })

  it.each<[string, Omit<HistoryQuery, 'limit'> & { limit?: number }, number[]]>([
    ['newest first', { limit: 4 }, [299, 298, 297, 296]],
    ['of one service', { services: [keyOf('shop/hello')], limit: 3 }, [297, 294, 291]],
    [
      'of several services',
      { services: [keyOf('shop/cart'), keyOf('shop/hello')], limit: 3 },
      [298, 297, 295],
    ],
    ['of no service', { services: [] }, []],
    ['of a service without jobs', { services: [keyOf('shop/other')] }, []],
    ['of a name', { service: 'hello', limit: 3 }, [299, 297, 296]],
    ['of a project', { project: 'blog', limit: 2 }, [299, 296]],
    ['in a rare state, however far back', { state: 'failed' }, [4, 3]],
    ['in a rare state of one service', { state: 'failed', services: [keyOf('shop/cart')], limit: 1 }, [4]],
    ['in a state that no job is in', { state: 'rejected' }, []],
  ])('is listed %s', async (_, query, expected) => {
    expect(await listed({ limit: 50, ...query })).toEqual(expected)
  })

  it('is listed page by page, each behind the last job of the one before', async () => {
    const seen: number[] = []
    let before: JobId | undefined
    for (;;) {
      const page = await jobs.list({ limit: 70, services: [keyOf('shop/hello')], ...(before && { before }) })
      if (page.length === 0) break
      seen.push(...page.map(({ id }) => indexOf(id)))
      before = page.at(-1)?.id
    }
    expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => 297 - 3 * index))
  })

  it('skips a job whose record has expired', async () => {
    for (const { id } of all.slice(298, 299)) await redis.del(keys.job(id))
    expect(await listed({ limit: 2 })).toEqual([299, 297])
  })

  async function listed(query: HistoryQuery) {
    return (await jobs.list(query)).map(({ id }) => indexOf(id))
  }

  function indexOf(id: JobId) {
    return all.findIndex((request) => request.id === id)
  }
})

async function accepted(name: string): Promise<JobRequest> {
  const request = requestOf(name)
  await jobs.accept(request)
  return request
}

describe('a job that waits', () => {
  const waiting = async (name = 'shop/hello') => {
    const request = requestOf(name)
    await jobs.accept(request)
    await redis.set(keys.joinKey(queueName(request), request.tokenDigest), request.id)
    return request
  }
  const share = (request: JobRequest) => jobs.joinWaiting(request, request.tokenDigest, 1)

  it('is shared by whoever asks for the same', async () => {
    const request = await waiting()
    const record = { ...(await jobs.get(request.id)), requests: 2 }
    expect(await share(request)).toMatchObject({ id: request.id, record })
    expect(await jobs.get(request.id)).toEqual(record)
  })

  it('comes after the job of its service that has no verdict yet', async () => {
    const other = await accepted('shop/after')
    const request = await waiting('shop/after')
    expect(await share(request)).toMatchObject({ runsFirst: other.id })
    expect(await jobs.before(request)).toBe(other.id)
    await jobs.conclude(other, succeeded)
    expect(await share(request)).toMatchObject({ runsFirst: undefined })
    expect(await jobs.before(request)).toBeUndefined()
  })

  it.each([
    ['the record of the job before it', (_: ServiceKey, id: JobId) => redis.set(keys.job(id), 'foreign')],
    ['the history of its service', (key: ServiceKey) => redis.set(keys.serviceHistory(key), 'foreign')],
  ])('is shared all the same when %s cannot be read', async (_, spoil) => {
    const other = await accepted('shop/spoilt')
    const request = await waiting('shop/spoilt')
    await spoil(request, other.id)
    expect(await share(request)).toMatchObject({ id: request.id, runsFirst: undefined })
    await redis.del(keys.serviceHistory(request), keys.job(other.id))
  })

  it('is not shared while its service is frozen', async () => {
    const request = await waiting()
    await redis.set(keys.freeze(request), '{}')
    expect(await share(request)).toBe('frozen')
    expect(await jobs.get(request.id)).toMatchObject({ requests: 1 })
    await redis.del(keys.freeze(request))
  })

  it.each([
    ['has begun', (request: JobRequest) => jobs.begin(request, now)],
    [
      'has begun and waits for its lane',
      async (request: JobRequest) => {
        await jobs.begin(request, now)
        await jobs.wait(request.id)
      },
    ],
    ['has its verdict', (request: JobRequest) => jobs.conclude(request, expired)],
    ['was never confirmed', (request: JobRequest) => redis.del(keys.job(request.id))],
    [
      'can be joined no more',
      (request: JobRequest) => redis.del(keys.joinKey(queueName(request), request.tokenDigest)),
    ],
  ])('is not shared when it %s', async (_, change) => {
    const request = await waiting()
    await change(request)
    const before = await redis.hget(keys.job(request.id), 'requests')
    expect(await share(request)).toBeUndefined()
    expect(await redis.hget(keys.job(request.id), 'requests')).toBe(before)
  })
})
