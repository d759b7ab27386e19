import { keys, prefix } from '@redeployster/shared/redis/keys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adminToken, entry, setStage, startTestApi, type Stage } from './testing/api.ts'
import { ask, open, parse, type Asked } from './testing/http.ts'

const token = 'dolphin'
const keyed = (key: string, sent = token): Asked => ({ token: sent, headers: { 'idempotency-key': key } })

let stage: Stage
beforeEach(async () => {
  stage = await setStage()
  await stage.worker.publish([
    entry('shop/hello', { tokens: [token, 'the next one'] }),
    entry('shop/other'),
    entry('blog/web', { tokens: ['of the blog'] }),
  ])
})
afterEach(() => stage.stop())

async function freeze() {
  const body = JSON.stringify({ reason: 'the database moves' })
  const answer = await ask(stage.port, 'PUT /services/shop/hello/freeze', { token: adminToken, body })
  expect(answer.status).toBe(200)
}

async function noJobWaits(name: string) {
  await expect(stage.worker.fetch(name)).rejects.toThrow('No job')
}

describe('a request with the Idempotency-Key of an earlier one', () => {
  it('gets the job of that one, with all its lines, while it runs', async () => {
    const { port, worker } = stage
    const first = await open(port, 'POST /hello', keyed('run-17'))
    const job = await worker.take('shop/hello')
    await worker.write(job, 'Recreate')
    const second = await open(port, 'POST /shop/hello', keyed('run-17'))
    await second.until('Recreate\n')
    await worker.conclude(job, 4)

    const end = `Recreate\nredeployster: job ${job.id} exit-code: 4\n`
    for (const answer of [first, second]) {
      const { headers, text, trailers } = await answer.end()
      expect([headers['job-id'], text.endsWith(end), trailers]).toEqual([job.id, true, { 'exit-code': '4' }])
    }
    await noJobWaits('shop/hello')
  })

  it('gets its log and its verdict at once when it has ended', async () => {
    const { port, worker } = stage
    const first = await open(port, 'POST /hello', keyed('run-17'))
    const job = await worker.take('shop/hello')
    await worker.write(job, 'Recreate')
    await worker.conclude(job, 4)
    await first.end()

    const second = await ask(port, 'POST /hello', keyed('run-17'))
    expect(second).toMatchObject({
      status: 200,
      headers: { location: `/jobs/${job.id}`, 'job-id': job.id },
      trailers: { 'exit-code': '4' },
      text:
        `redeployster: job ${job.id} deploys shop/hello on host alpha; shared with an earlier request\n` +
        `Recreate\nredeployster: job ${job.id} exit-code: 4\n`,
    })
    await noJobWaits('shop/hello')
  })

  it('gets the job of others that it shared', async () => {
    const { port, worker } = stage
    const others = await open(port, 'POST /hello', { token })
    const first = await open(port, 'POST /hello', keyed('run-17'))
    const job = await worker.take('shop/hello')
    await worker.conclude(job, 0)
    await Promise.all([others.end(), first.end()])
    expect((await ask(port, 'POST /hello', keyed('run-17'))).headers['job-id']).toBe(job.id)
    await noJobWaits('shop/hello')
  })

  it('gets one job also when ten come at once, to two APIs', async () => {
    const other = await startTestApi(stage.redis)
    const ports = Array.from({ length: 10 }, (_, index) => (index % 2 ? stage.port : other.port))
    const answers = await Promise.all(ports.map((port) => open(port, 'POST /hello', keyed('run-17'))))
    const job = await stage.worker.take('shop/hello')
    expect(answers.map(({ headers }) => headers['job-id'])).toEqual(Array(10).fill(job.id))
    await stage.worker.conclude(job, 0)
    await Promise.all(answers.map((answer) => answer.end()))
    await noJobWaits('shop/hello')
    await other.stop()
  })

  it('has another job when the key was used a day ago', async () => {
    const { port, worker } = stage
    const first = await open(port, 'POST /hello', keyed('run-17'))
    await worker.conclude(await worker.take('shop/hello'), 0)
    await first.end()
    const [claim = ''] = await worker.redis.keys(keys.claim('*'))
    expect(await worker.redis.ttl(claim)).toBeGreaterThan(24 * 60 * 60 - 60)

    await worker.redis.expire(claim, 1000)
    await ask(port, 'POST /hello', keyed('run-17'))
    expect(await worker.redis.ttl(claim)).toBeLessThanOrEqual(1000)
    await worker.redis.del(claim)
    const later = await open(port, 'POST /hello', keyed('run-17'))
    expect(later.headers['job-id']).not.toBe(first.headers['job-id'])
    later.leave()
  })

  it('is refused when it is for another service, or when nothing is known of its job any more', async () => {
    const { port, worker } = stage
    const first = await open(port, 'POST /hello', keyed('run-17'))
    const conflict = await ask(port, 'POST /other', keyed('run-17'))
    expect(conflict.status).toBe(409)
    expect(parse(conflict)).toMatchObject({ code: 'idempotency_conflict' })
    await noJobWaits('shop/other')

    const job = await worker.take('shop/hello')
    await worker.conclude(job, 0)
    await first.end()
    await worker.redis.del(keys.job(job.id))
    const forgotten = await ask(port, 'POST /hello', keyed('run-17'))
    expect(parse(forgotten)).toMatchObject({
      status: 409,
      detail: expect.stringContaining(job.id) as string,
    })
    await noJobWaits('shop/hello')
  })

  it('is answered though the service is frozen now', async () => {
    const { port } = stage
    const first = await open(port, 'POST /hello', keyed('run-17'))
    await freeze()
    const second = await open(port, 'POST /hello', keyed('run-17'))
    expect(second.headers['job-id']).toBe(first.headers['job-id'])
    for (const answer of [first, second]) answer.leave()
  })
})

describe('a key of somebody else', () => {
  it('is another key: with another token it hits nothing and tells nothing', async () => {
    const { port, worker } = stage
    const mine = await open(port, 'POST /hello', keyed('run-17'))
    const theirs = await open(port, 'POST /blog/web', keyed('run-17', 'of the blog'))
    const rotated = await open(port, 'POST /hello', keyed('run-17', 'the next one'))
    const ids = [mine, theirs, rotated].map(({ headers }) => headers['job-id'])
    expect(new Set(ids).size).toBe(3)
    expect((await ask(port, 'POST /hello', keyed('run-17', 'of the blog'))).status).toBe(401)
    for (const answer of [mine, theirs, rotated]) answer.leave()
    // Neither the key nor the token stands in Redis.
    expect(await worker.redis.keys('*run-17*')).toEqual([])
  })
})

describe('an Idempotency-Key', () => {
  it.each(['', ' ', 'two words', 'x'.repeat(256), 'é', 'a\tb'])('is not %j', async (key) => {
    const answer = await ask(stage.port, 'POST /hello', keyed(key))
    expect(answer.status).toBe(400)
    expect(parse(answer)).toMatchObject({ code: 'bad_idempotency_key' })
    await noJobWaits('shop/hello')
    expect((await ask(stage.port, 'POST /hello', keyed(key, 'wrong'))).status).toBe(401)
  })

  it.each([
    'x'.repeat(255),
    '1',
    'a:b/c',
    '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
    '*',
    '%00',
    '{redeployster}',
  ])('may be %j', async (key) => {
    const first = await open(stage.port, 'POST /hello', keyed(key))
    const second = await open(stage.port, 'POST /hello', keyed(key))
    expect(second.headers['job-id']).toBe(first.headers['job-id'])
    for (const answer of [first, second]) answer.leave()
    await stage.worker.conclude(await stage.worker.take('shop/hello'), 0)
  })

  it('costs nothing in Redis until a job is confirmed', async () => {
    await freeze()
    expect((await ask(stage.port, 'POST /hello', keyed('run-17'))).status).toBe(423)
    expect(await stage.worker.redis.keys(`${prefix}:claim:*`)).toEqual([])
  })
})
