import * as fc from 'fast-check'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { newJobId } from '../contract/job.ts'
import { queueName } from '../contract/service.ts'
import type { Redis } from '../redis/connect.ts'
import { keys } from '../redis/keys.ts'
import { openRedis, type OpenRedis } from '../testing/open-redis.ts'
import { requestOf } from '../testing/requests.ts'
import { createHostQueues } from './bullmq-host-queues.ts'
import { createRequestQueue } from './bullmq-request-queue.ts'
import type { HostQueues, RequestQueue } from './queue.ts'

const logger = pino({ level: 'silent' })
const right = requestOf('shop/hello')
const queue = queueName(right)

let opened: OpenRedis
let redis: Redis
let subscriber: Redis
let requests: RequestQueue
let host: HostQueues
beforeAll(async () => {
  opened = await openRedis()
  redis = opened.connect()
  subscriber = opened.connect()
  requests = createRequestQueue(redis)
  host = createHostQueues(redis, subscriber, logger)
})
afterAll(() => opened.close())
beforeEach(() => redis.flushall())

const other = newJobId()
const forged = fc.oneof(
  fc.string(),
  fc.json(),
  fc.constantFrom('', 'null', '{', '[]', JSON.stringify('x'.repeat(1024 ** 2))),
  // A request that is whole, but for another job, service or host, or with a field of another shape.
  fc
    .constantFrom(
      { ...right, id: other },
      { ...right, service: 'other' },
      { ...right, host: 'BETA' },
      { ...right, project: '../etc' },
      { ...right, startBy: 'tomorrow' },
      { ...right, proof: 1 },
    )
    .map((it) => JSON.stringify(it)),
)

it.each(['waits', 'was fetched by a worker that is gone'])(
  'takes off the queue what is no request of ours and %s',
  async (how) => {
    const property = fc.asyncProperty(forged, async (data) => {
      await redis.flushall()
      const bad = requestOf('shop/hello', { tokenDigest: 'bad' })
      const good = requestOf('shop/hello', { tokenDigest: 'good' })
      await requests.add(bad)
      if (how !== 'waits') await host.fetch(queue)
      await redis.hset(keys.queued(queue, bad.id), 'data', data)
      await requests.add(good)
      expect(await host.fetched(queue)).toEqual([])
      expect(await host.fetch(queue)).toEqual(good)
      await host.finish(good)
      expect(await host.withWork([queue])).toEqual([])
    })
    await fc.assert(property, { numRuns: 60 })
  },
)

it('takes nothing of a request but what it needs', async () => {
  const request = requestOf('shop/hello')
  await requests.add(request)
  const more = JSON.stringify({ ...request, file: '/etc/passwd', command: ['sh'] })
  await redis.hset(keys.queued(queue, request.id), 'data', more)
  expect(await host.fetch(queue)).toEqual(request)
})

it('hears of no job to cancel in what is no id', async () => {
  const heard: string[] = []
  await host.onCancel(right.host, (id) => id !== undefined && heard.push(id))
  for (const text of ['', 'x', '{', '../..', right.id]) await redis.publish(keys.cancels(right.host), text)
  await expect.poll(() => heard).toEqual([right.id])
})
