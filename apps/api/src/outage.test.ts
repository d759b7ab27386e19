import { keys } from '@redeployster/shared/redis/keys'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFakeWorker, entry, limits, startTestApi, type FakeWorker } from './testing/api.ts'
import { ask, open, parse } from './testing/http.ts'

const token = 'dolphin'

let redis: TestRedis
let worker: FakeWorker
let api: Awaited<ReturnType<typeof startTestApi>>
beforeEach(async () => {
  redis = await startRedis({ appendOnly: true })
  worker = createFakeWorker(redis.url)
  await worker.publish([entry('shop/hello')])
  api = await startTestApi(redis)
})
afterEach(async () => {
  await redis.stop()
  await api.stop()
  worker.stop()
})

describe('while Redis is away', () => {
  it.each([
    'POST /hello',
    'POST /nobody',
    'GET /jobs',
    'GET /services',
    'GET /jobs/no-id',
    'PUT /services/shop/hello/freeze',
  ])('%s is answered with 503, whatever the token', async (asked) => {
    await redis.kill('SIGKILL')
    for (const sent of [token, 'wrong']) {
      const answer = await ask(api.port, asked, { token: sent })
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
      expect(parse(answer)).toMatchObject({ code: 'redis_unavailable' })
    }
  })

  // One silence of 2 s is within the 3 s that a caller may wait; a second one, for another command, would not be.
  it('a deploy is refused after the silence of one command when Redis is frozen', async () => {
    await ask(api.port, 'POST /hello?async', { token })
    await worker.redis.config('RESETSTAT')
    redis.freeze()
    expect(parse(await ask(api.port, 'POST /hello', { token }))).toMatchObject({ code: 'redis_unavailable' })
    redis.thaw()
    // What was sent to it meanwhile it has carried out by now: the first two questions, which go out at once.
    const stats = (await worker.redis.info('commandstats')).matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)
    const calls = [...stats].map(([, command, count]) => `${command} ${count}`)
    expect(calls.filter((call) => !/^(ping|info|config)/.test(call))).toEqual(['hgetall 2'])
  })

  it('an API can be started, and works once Redis is there', async () => {
    await redis.kill('SIGKILL')
    const early = await startTestApi(redis)
    expect((await ask(early.port, 'POST /hello', { token })).status).toBe(503)
    await redis.restart()
    await expect.poll(async () => (await ask(early.port, 'GET /readyz')).status).toBe(200)
    const answer = await open(early.port, 'POST /hello', { token })
    expect(answer.status).toBe(200)
    answer.leave()
    await early.stop()
  })
})

describe('who waits for a verdict', () => {
  it('is held while Redis is away, also when it went before he came, and gets it when Redis is back', async () => {
    const hasty = await startTestApi(redis, { holdMs: 400 })
    const { headers } = await ask(api.port, 'POST /hello?wait', { token })
    const path = `GET ${headers.location ?? ''}`
    const job = await worker.take('shop/hello')
    const first = open(api.port, path, { token })
    await expect
      .poll(() => worker.redis.pubsub('NUMSUB', keys.logChannel(job.id)))
      .toEqual([expect.any(String), 1])
    await redis.kill('SIGKILL')
    expect(await ask(hasty.port, path, { token })).toMatchObject({
      status: 303,
      headers: { location: headers.location },
    })
    const second = open(api.port, path, { token })
    await redis.restart()
    await worker.conclude(job, 3)

    for (const held of [first, second]) expect((await (await held).end()).status).toBe(424)
    await hasty.stop()
  })

  it('is told 303 with any token as long as Redis is away, and that it is away when no job can be meant', async () => {
    const hasty = await startTestApi(redis, { holdMs: 60 })
    await redis.kill('SIGKILL')
    const path = 'GET /jobs/01a20a84-b12b-74a7-be77-d9dbb6865924/verdict'
    for (const sent of [token, 'wrong'])
      expect((await ask(hasty.port, path, { token: sent })).status).toBe(303)
    const answer = await ask(hasty.port, 'GET /jobs/no%0d%0aX-Id/verdict', { token })
    expect(parse(answer)).toMatchObject({ status: 503, code: 'redis_unavailable' })
    await hasty.stop()
  })

  it('shares the places of one service with all whom nobody can tell apart', async () => {
    const full = await startTestApi(redis, { limits: { ...limits, streamsPerService: 1 } })
    await redis.kill('SIGKILL')
    const path = 'GET /jobs/01a20a84-b12b-74a7-be77-d9dbb6865924/verdict'
    const strangers = [1, 2].map(() => ask(full.port, path, { token: 'wrong' }))
    expect((await Promise.race(strangers)).status).toBe(503)
    await full.stop()
    expect(new Set((await Promise.all(strangers)).map(({ status }) => status))).toEqual(new Set([303, 503]))
  })

  it('takes one place, also when Redis comes back meanwhile', async () => {
    const full = await startTestApi(redis, { limits: { ...limits, streams: 1 } })
    const { headers } = await ask(api.port, 'POST /hello?wait', { token })
    const job = await worker.take('shop/hello')
    await redis.kill('SIGKILL')
    const held = [1, 2].map(() => ask(full.port, `GET ${headers.location ?? ''}`, { token }))
    expect((await Promise.race(held)).status).toBe(503)
    await redis.restart()
    await worker.conclude(job, 3)
    expect(new Set((await Promise.all(held)).map(({ status }) => status))).toEqual(new Set([424, 503]))
    await full.stop()
  })
})

describe('a stream', () => {
  it('outlives the death and the restart of Redis, and has every line once', async () => {
    const answer = await open(api.port, 'POST /hello', { token })
    const job = await worker.take('shop/hello')
    await worker.write(job, 'before')
    await answer.until('before\n')
    await redis.kill('SIGKILL')
    await redis.restart()
    await worker.write(job, 'after')
    await worker.conclude(job, 0)

    const { text, trailers } = await answer.end()
    expect(text.split('\n').slice(1)).toEqual([
      'before',
      'after',
      `redeployster: job ${job.id} exit-code: 0`,
      '',
    ])
    expect(trailers).toEqual({ 'exit-code': '0' })
  })

  it('ends with the verdict that another connection wrote while ours were cut', async () => {
    const answer = await open(api.port, 'POST /hello', { token })
    const job = await worker.take('shop/hello')
    await worker.write(job, 'one')
    await answer.until('one\n')
    await worker.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await worker.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await worker.conclude(job, 2)
    expect((await answer.end()).trailers).toEqual({ 'exit-code': '2' })
  })
})

it('answers 503 when Redis falls silent while it is asked for a job, and that job is never confirmed', async () => {
  await worker.redis.client('PAUSE', 60_000, 'WRITE')
  const answer = await ask(api.port, 'POST /hello', { token })
  expect(answer.status).toBe(503)
  const { code, jobId, detail } = parse(answer)
  expect(code).toBe('redis_unavailable')
  expect(detail).toContain(`Nothing is started: job ${String(jobId)} will be rejected`)

  await worker.redis.client('UNPAUSE')
  await expect(worker.fetch('shop/hello')).rejects.toThrow('No job')
  expect((await ask(api.port, `GET /jobs/${String(jobId)}`, { token })).status).toBe(401)
})

it('answers 503 and never 401 when the catalogue is lost', async () => {
  await worker.redis.del(keys.hosts)
  for (const asked of ['POST /hello', 'POST /nobody', 'GET /services', 'GET /jobs']) {
    const answer = await ask(api.port, asked, { token })
    expect(answer.status).toBe(503)
    expect(parse(answer)).toMatchObject({ code: 'catalogue_unavailable' })
  }
})
