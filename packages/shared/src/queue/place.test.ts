import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { queueName } from '../contract/service.ts'
import { connectRedis, type Redis } from '../redis/connect.ts'
import { startRedis, type TestRedis } from '../testing/redis.ts'
import { keyOf, requestOf } from '../testing/requests.ts'
import { createHostQueues } from './bullmq-host-queues.ts'
import { createRequestQueue } from './bullmq-request-queue.ts'
import type { HostQueues, RequestQueue } from './queue.ts'

let server: TestRedis
let redis: Redis
let requests: RequestQueue
let host: HostQueues
beforeAll(async () => {
  const logger = pino({ level: 'silent' })
  server = await startRedis()
  redis = connectRedis(server.url, 'patient', logger)
  requests = createRequestQueue(redis)
  host = createHostQueues(redis, redis, logger)
})
beforeEach(() => redis.flushall())
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

const take = (name: string, more: Parameters<typeof requestOf>[1] = {}) =>
  requests.takePlace(requestOf(name, more), 2)

it('gives a host as many places as it is told, and each host its own', async () => {
  expect([await take('shop/a'), await take('shop/b'), await take('shop/c')]).toEqual([true, true, false])
  expect(await take('shop/c', keyOf('shop/c', 'BETA'))).toBe(true)
})

it('gives all requests that could share a job the same place, also when no other is left', async () => {
  await Promise.all([take('shop/a'), take('shop/a'), take('shop/a')])
  expect(await take('shop/b')).toBe(true)
  expect(await take('shop/a')).toBe(true)
  expect(await take('shop/a', { tokenDigest: 'another' })).toBe(false)
})

it('has the place again when the worker looks at the job', async () => {
  const request = requestOf('shop/a')
  await requests.takePlace(request, 1)
  await requests.add(request)
  await host.fetch(queueName(request))
  expect(await requests.takePlace(requestOf('shop/b'), 1)).toBe(false)
  await host.releaseJoinKey(request)
  expect(await requests.takePlace(requestOf('shop/b'), 1)).toBe(true)
})

it('has the place again when nothing may start for it any more, wherever its request was lost', async () => {
  await take('shop/a', { startBy: new Date(Date.now() - 1).toISOString() })
  expect([await take('shop/b'), await take('shop/c')]).toEqual([true, true])
})

it('gives no more places than there are to many requests at once', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `shop/service-${index}`)
  const taken = await Promise.all(names.map((name) => take(name)))
  expect(taken.filter(Boolean)).toHaveLength(2)
})
