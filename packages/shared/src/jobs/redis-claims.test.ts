import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Redis } from '../redis/connect.ts'
import { keys } from '../redis/keys.ts'
import { openRedis, type OpenRedis } from '../testing/open-redis.ts'
import { keyOf, requestOf } from '../testing/requests.ts'
import type { Claim, Jobs } from './jobs.ts'
import { createJobs } from './redis-jobs.ts'

const claim: Claim = { name: 'mine', service: keyOf('shop/hello') }

let opened: OpenRedis
let redis: Redis
let jobs: Jobs
beforeAll(async () => {
  opened = await openRedis()
  redis = opened.connect()
  jobs = createJobs(redis)
})
beforeEach(() => redis.flushall())
afterAll(() => opened.close())

const [first, second] = [requestOf('shop/hello'), requestOf('shop/hello')]

describe('a claim', () => {
  it('stands for the job that was first confirmed with it', async () => {
    expect(await jobs.attach(claim)).toBeUndefined()
    expect(await jobs.accept(first, claim)).toBe(true)
    expect(await jobs.attach(claim)).toBe(first.id)
    expect(await jobs.accept(first, claim)).toBe(true)
  })

  it('lets no other job be confirmed with it', async () => {
    await jobs.accept(first, claim)
    expect(await jobs.accept(second, claim)).toBe(false)
    expect(await jobs.get(second.id)).toBeUndefined()
    await jobs.accept(second)
    expect(await jobs.join(second.id, claim)).toBe('claimed')
    expect(await jobs.get(second.id)).toMatchObject({ requests: 1 })
  })

  it('stands for the job that a request joins with it, if that has not begun', async () => {
    expect(await jobs.join(first.id, claim)).toBe('unknown')
    await jobs.accept(first)
    await jobs.begin(first, new Date())
    expect(await jobs.join(first.id, claim)).toBe('begun')
    expect(await jobs.attach(claim)).toBeUndefined()

    await jobs.accept(second)
    expect(await jobs.join(second.id, claim)).toBe('joined')
    expect(await jobs.attach(claim)).toBe(second.id)
  })

  it('is of use for its service only', async () => {
    await jobs.accept(first, claim)
    expect(await jobs.attach({ ...claim, service: keyOf('shop/other') })).toBe('elsewhere')
    expect(await jobs.attach({ ...claim, service: keyOf('shop/hello', 'BETA') })).toBe('elsewhere')
    expect(await jobs.get(first.id)).toMatchObject({ requests: 1 })
  })

  it('counts who comes back as one who shares the job, as long as it waits', async () => {
    await jobs.accept(first, claim)
    await jobs.attach(claim)
    expect(await jobs.get(first.id)).toMatchObject({ requests: 2 })
    await jobs.begin(first, new Date())
    await jobs.attach(claim)
    expect(await jobs.get(first.id)).toMatchObject({ requests: 2 })
  })

  it('makes no record of a job that has lost its own', async () => {
    await jobs.accept(first, claim)
    await redis.del(keys.job(first.id))
    expect(await jobs.attach(claim)).toBe(first.id)
    expect(await jobs.get(first.id)).toBeUndefined()
  })
})
