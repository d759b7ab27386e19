import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startFaultProxy } from '../../../../test/harness/fault-proxy.ts'
import { startRedis, type TestRedis } from '../testing/redis.ts'
import { connectRedis, firstAttempt, type Patience, type Redis } from './connect.ts'

let server: TestRedis
let said: string[]
let connections: Redis[]
beforeEach(async () => {
  server = await startRedis({ tcp: true })
  said = []
  connections = []
})
afterEach(async () => {
  for (const connection of connections) connection.disconnect()
  await server.stop()
})

describe('an impatient connection', () => {
  it('answers as soon as the first attempt is over', async () => {
    const redis = connect('impatient')
    await firstAttempt(redis)
    expect(await redis.ping()).toBe('PONG')
  })

  it('refuses at once while Redis is away, and works again by itself', async () => {
    await server.kill('SIGKILL')
    const redis = connect('impatient')
    await firstAttempt(redis)
    await expect(redis.ping()).rejects.toThrow('enableOfflineQueue')
    await server.restart()
    await expect.poll(() => redis.ping().catch(() => 'away')).toBe('PONG')
  })

  it('gives up when Redis does not answer', { timeout: 10_000 }, async () => {
    const redis = connect('impatient')
    await firstAttempt(redis)
    server.freeze()
    await expect(redis.ping()).rejects.toThrow('Command timed out')
  })
})

describe('a patient connection', () => {
  it('waits for Redis as long as it takes', async () => {
    await server.kill('SIGKILL')
    const redis = connect('patient')
    const answer = redis.ping()
    await firstAttempt(redis)
    await server.restart()
    expect(await answer).toBe('PONG')
  })

  it('waits for a Redis that is there and takes no writes, says so once, and keeps their order', async () => {
    const redis = connect('patient')
    const admin = connect('impatient')
    await firstAttempt(admin)
    await admin.config('SET', 'maxmemory', '1')
    const answers = Promise.all(['a', 'b'].map((word) => redis.rpush('words', word)))
    await expect.poll(() => admin.info('stats')).toMatch(/total_error_replies:[3-9]/)
    await admin.config('SET', 'maxmemory', '0')
    expect(await answers).toEqual([1, 2])
    expect(await redis.lrange('words', 0, -1)).toEqual(['a', 'b'])
    expect(said).toEqual(['Redis refuses a command; trying again'])
  })
})

it('reports an outage once, and its end', async () => {
  const redis = connect('patient')
  await redis.ping()
  await server.kill('SIGKILL')
  await expect.poll(() => said).toEqual(['Redis is away; trying again'])
  await server.restart()
  await redis.ping()
  expect(said).toEqual(['Redis is away; trying again', 'Redis is back'])
})

describe('a line that was forgotten on the way, without a word', () => {
  it('is given up in seconds: a new one answers, and hears what is published', async () => {
    const line = await startFaultProxy(Number(new URL(server.url).port))
    const url = `redis://127.0.0.1:${line.port}`
    const [impatient, patient, subscriber] = [
      connect('impatient', url),
      connect('patient', url),
      connect('patient', url),
    ]
    const heard: string[] = []
    subscriber.on('message', (_, message) => heard.push(message))
    await Promise.all([firstAttempt(impatient), patient.ping(), subscriber.subscribe('news')])

    await line.set('half-open')
    const answer = patient.incr('counted')
    const soon = { timeout: 30_000, interval: 200 }
    await expect.poll(() => impatient.ping().catch(() => 'away'), soon).toBe('PONG')
    await expect.poll(() => publish('news').then(() => heard), soon).not.toEqual([])
    expect(await answer).toBe(1)
    await line.close()
  })

  async function publish(channel: string) {
    const redis = connect('patient')
    await redis.publish(channel, 'new')
    redis.disconnect()
  }
})

function connect(patience: Patience, url = server.url) {
  const logger = pino(
    { level: 'info' },
    { write: (line) => said.push((JSON.parse(line) as { msg: string }).msg) },
  )
  const redis = connectRedis(url, patience, logger)
  connections.push(redis)
  return redis
}
