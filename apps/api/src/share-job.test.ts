import { Token } from '@redeployster/shared/contract/token'
import type { Freeze } from '@redeployster/shared/contract/freeze'
import { createFreezes } from '@redeployster/shared/freezes/redis-freezes'
import { createJobs } from '@redeployster/shared/jobs/redis-jobs'
import { createRequestQueue } from '@redeployster/shared/queue/bullmq-request-queue'
import type { RequestQueue } from '@redeployster/shared/queue/queue'
import { openRedis, type OpenRedis } from '@redeployster/shared/testing/open-redis'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { callerOf, createSecrets } from './authenticate.ts'
import type { Parts } from './parts.ts'
import { newRequest } from './request-job.ts'
import { shareJob } from './share-job.ts'
import { entry, secret, silent } from './testing/api.ts'

const service = entry('shop/hello')
const caller = callerOf(new Token('dolphin'), createSecrets(secret))
const freeze: Freeze = { who: 'ada', reason: 'a sale', since: new Date().toISOString() }

let opened: OpenRedis
let parts: Parts
/** How many requests were put on a queue. */
let added: number
beforeAll(async () => {
  opened = await openRedis()
})
beforeEach(async () => {
  const redis = opened.connect()
  await redis.flushall()
  added = 0
  const queue = createRequestQueue(redis)
  const add: RequestQueue['add'] = (request) => {
    added++
    return queue.add(request)
  }
  const rushing = { making: new Map(), joining: new Map() }
  const ports = {
    queue: { ...queue, add },
    jobs: createJobs(redis),
    freezes: createFreezes(redis),
    ...rushing,
  }
  parts = { ...ports, logger: silent, mostWaitingJobs: 10 } as unknown as Parts
})
afterAll(() => opened.close())

const ask = () => shareJob(parts, newRequest(service, caller, 600_000))
const rush = () => Promise.all(Array.from({ length: 50 }, ask))

it('in a rush one request makes the job, and the others share it', async () => {
  const [first, ...others] = await rush()
  expect(first).toMatchObject({ hasJoined: false })
  for (const other of others)
    expect(other).toMatchObject({ id: (first as { id: string }).id, hasJoined: true })
  expect(added).toBe(1)
})

it('after a rush nothing is left that a later request would wait for', async () => {
  await rush()
  expect([parts.making.size, parts.joining.size]).toEqual([0, 0])
})

it('where a job cannot be made, all of a rush are told so after one has tried', async () => {
  const { queue } = parts
  const add = () => {
    added++
    return Promise.reject(new Error('Command timed out'))
  }
  parts = { ...parts, queue: { ...queue, add } }
  const told = await Promise.allSettled(Array.from({ length: 50 }, ask))
  expect(new Set(told.map(({ status }) => status))).toEqual(new Set(['rejected']))
  expect(added).toBe(1)
})

it('of a frozen service all are told of the freeze, and nothing is made', async () => {
  await parts.freezes.put(service, freeze)
  expect(await rush()).toEqual(Array.from({ length: 50 }, () => ({ freeze })))
  expect(added).toBe(0)
})
