import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startRedis, type TestRedis } from '../testing/redis.ts'
import { connectRedis, type Redis } from './connect.ts'
import { script } from './script.ts'

const join = script(`return KEYS[1] .. ' ' .. table.concat(ARGV, ' ')`)

let server: TestRedis
let redis: Redis
beforeAll(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'patient', pino({ level: 'silent' }))
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

it('gets its keys and arguments', async () => {
  expect(await join(redis, ['key'], ['a', 1])).toBe('key a 1')
})

it('works again after Redis has forgotten it', async () => {
  await join(redis, ['key'], ['a'])
  await redis.script('FLUSH')
  expect(await join(redis, ['key'], ['b'])).toBe('key b')
})

it('fails with its own error', async () => {
  await expect(script(`return redis.error_reply('OWN error')`)(redis, [], [])).rejects.toThrow('OWN error')
})
