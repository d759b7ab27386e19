import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startRedis, type TestRedis } from '../testing/redis.ts'
import { connectRedis, firstAttempt, type Redis } from './connect.ts'
import { isOutage, isUnanswered } from './outage.ts'

let server: TestRedis
let redis: Redis
beforeAll(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'impatient', pino({ level: 'silent' }))
  await firstAttempt(redis)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

it('is no outage when a command was wrong', async () => {
  expect(isOutage(await failureOf(redis.call('NONSENSE')))).toBe(false)
  expect(isOutage(await failureOf(redis.call('GET')))).toBe(false)
})

it('is one when Redis holds what is none of ours', async () => {
  await redis.set('text', 'x')
  expect(isOutage(await failureOf(redis.lpush('text', 'x')))).toBe(true)
  expect(isOutage(await failureOf(redis.incr('text')))).toBe(true)
  expect(isOutage(await failureOf(redis.eval("return redis.call('GET', KEYS[1]) + 1", 1, 'text')))).toBe(true)
})

it('is no outage when we made a mistake', () => {
  expect(isOutage(new TypeError('undefined is not a function'))).toBe(false)
  expect(isOutage('Command timed out')).toBe(false)
  expect(isOutage(undefined)).toBe(false)
})

it('is one when Redis is full', async () => {
  await redis.config('SET', 'maxmemory', '1')
  const failure = await failureOf(redis.set('a', 'b'))
  expect([isOutage(failure), isUnanswered(failure)]).toEqual([true, false])
  expect(isOutage(await failureOf(redis.eval("return redis.call('SET', KEYS[1], 'b')", 1, 'a')))).toBe(true)
  await redis.config('SET', 'maxmemory', '0')
})

it('is one when Redis takes no writes', async () => {
  await redis.replicaof('127.0.0.1', 1)
  expect(isOutage(await failureOf(redis.set('a', 'b')))).toBe(true)
  await redis.replicaof('NO', 'ONE')
})

it('is one when Redis dies before it answers, and while it is away', async () => {
  await redis.client('PAUSE', 60_000)
  const waiting = failureOf(redis.ping())
  await server.kill('SIGKILL')
  expect(isOutage(await waiting)).toBe(true)
  expect(isUnanswered(await waiting)).toBe(true)
  const unsent = await failureOf(redis.ping())
  expect([isOutage(unsent), isUnanswered(unsent)]).toEqual([true, false])
})

it('is one when our own connection was closed', async () => {
  redis.disconnect()
  expect(isOutage(await failureOf(redis.ping()))).toBe(true)
})

async function failureOf(answer: Promise<unknown>): Promise<unknown> {
  return answer.then(
    (value) => expect.fail(`answered ${String(value)}`),
    (error: unknown) => error,
  )
}
