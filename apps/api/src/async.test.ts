import { jobId } from '@redeployster/shared/contract/job'
import { keys } from '@redeployster/shared/redis/keys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adminToken, alpha, entry, limits, setStage, type Stage } from './testing/api.ts'
import { ask, open, parse, type Asked } from './testing/http.ts'

const token = 'dolphin'
const keyed: Asked = { token, headers: { 'idempotency-key': 'run-17' } }

let stage: Stage
beforeEach(async () => void (stage = await setStage()))
afterEach(() => stage.stop())

describe('POST /:service?async', () => {
  it('is answered with 202 and the job as soon as that is accepted', async () => {
    const { port, worker } = stage
    const answer = await ask(port, 'POST /hello?async', { token })
    const id = answer.headers['job-id']
    expect(answer).toMatchObject({
      status: 202,
      headers: {
        location: `/jobs/${String(id)}`,
        'content-type': 'application/json',
        'cache-control': 'no-store',
      },
      trailers: {},
    })
    expect(answer.headers).not.toHaveProperty('exit-code')
    expect(parse(answer)).toEqual(parse(await ask(port, `GET /jobs/${String(id)}`, { token })))
    expect(parse(answer)).toMatchObject({
      id,
      host: alpha,
      service: 'hello',
      state: 'queued',
      started: false,
    })
    const job = await worker.take('shop/hello')
    expect(job.id).toBe(id)
  })

  it('shares a job that waits, and shows it as it is', async () => {
    const { port, worker } = stage
    const first = await ask(port, 'POST /hello?async', { token })
    const second = await ask(port, 'POST /shop/hello?async', { token })
    expect(second.status).toBe(202)
    expect(parse(second)).toEqual({ ...parse(first), requests: 2 })
    await worker.take('shop/hello')
    const third = await ask(port, 'POST /hello?async', { token })
    expect(parse(third).id).not.toBe(parse(first).id)
  })

  it('with the key of an earlier request has the job of that one, also when it has ended', async () => {
    const { port, worker } = stage
    const { id } = parse(await ask(port, 'POST /hello?async', keyed))
    const job = await worker.take('shop/hello')
    const running = await ask(port, 'POST /hello?async', keyed)
    await worker.conclude(job, 3)
    const ended = await ask(port, 'POST /hello?async', keyed)
    expect([running, ended].map(parse)).toMatchObject([
      { id, state: 'running' },
      { id, state: 'failed', exitCode: 3 },
    ])
    expect([running, ended].map(({ status, headers }) => [status, headers['exit-code']])).toEqual([
      [202, undefined],
      [202, '3'],
    ])
  })

  it('takes no place of a stream', async () => {
    const full = await setStage({ limits: { ...limits, streams: 0 } })
    expect((await ask(full.port, 'POST /hello', { token })).status).toBe(503)
    expect((await ask(full.port, 'POST /hello?wait', { token })).status).toBe(503)
    await expect(full.worker.fetch('shop/hello')).rejects.toThrow('No job')
    expect((await ask(full.port, 'POST /hello?async', { token })).status).toBe(202)
    await full.stop()
  })

  it('is still the job when its record cannot be read, for it is shared', async () => {
    const { port, worker } = stage
    const { id } = parse(await ask(port, 'POST /hello?async', { token }))
    await worker.redis.hset(keys.job(jobId.parse(id)), 'requests', '1', 'acceptedAt', 'a day')
    const answer = await ask(port, 'POST /hello?async', { token })
    expect(answer.status).toBe(202)
    expect(parse(answer)).toEqual({
      id,
      host: alpha,
      project: 'shop',
      service: 'hello',
      state: 'queued',
      started: false,
    })
  })
})

describe('POST /:service?wait', () => {
  it('sends its caller to the verdict', async () => {
    const { port, worker } = stage
    const answer = await ask(port, 'POST /hello?wait', { token })
    const { id } = await worker.take('shop/hello')
    const Location = `/jobs/${id}/verdict`
    expect(answer).toMatchObject({
      status: 303,
      headers: { location: Location, 'job-id': id, 'cache-control': 'no-store' },
      text: `redeployster: the verdict of job ${id} will be at ${Location}\n`,
    })
  })

  it('with the key of an earlier request sends to the verdict of that one', async () => {
    const { port, worker } = stage
    const first = await ask(port, 'POST /hello?async', keyed)
    await worker.conclude(await worker.take('shop/hello'), 0)
    const again = await ask(port, 'POST /hello?wait', keyed)
    expect(again).toMatchObject({ status: 303, headers: { 'job-id': first.headers['job-id'] } })
  })
})

describe('a deploy that asks for an answer that there is not', () => {
  it.each([
    ['?async&wait', 'async'],
    ['?wait=&async=', 'wait'],
    ['?wait=45', 'wait'],
    ['?wait=true', 'wait'],
    ['?wait=0', 'wait'],
    ['?async=1', 'async'],
    ['?async=false', 'async'],
    ['?wait=%00', 'wait'],
  ])('%s starts nothing, and is told so', async (query, name) => {
    const { port, worker } = stage
    const answer = await ask(port, `POST /hello${query}`, { token })
    expect(answer.status).toBe(400)
    expect(parse(answer)).toMatchObject({
      code: 'bad_request',
      detail: expect.stringContaining(`"${name}"`) as string,
    })
    await expect(worker.fetch('shop/hello')).rejects.toThrow('No job')
  })

  it('is told 401 like any stranger when the token is wrong, or 423 when the query is right and the service frozen', async () => {
    const { port, worker } = stage
    const strange = await ask(port, 'POST /hello?async&wait', { token: 'wrong' })
    expect(strange.status).toBe(401)
    await worker.publish([entry('shop/hello')])
    const body = '{"reason": "the database moves"}'
    await ask(port, 'PUT /services/shop/hello/freeze', { token: adminToken, body })
    for (const way of ['async', 'wait'])
      expect((await ask(port, `POST /hello?${way}`, { token })).status).toBe(423)
    expect((await ask(port, 'POST /hello?wait=no', { token })).status).toBe(400)
  })
})

describe('GET /jobs/:id?wait=N', () => {
  it.each([0, 3])('is answered with the job as soon as it has its verdict: %i', async (exitCode) => {
    const { port, worker } = stage
    const { id } = parse(await ask(port, 'POST /hello?async', { token }))
    const asked = open(port, `GET /jobs/${String(id)}?wait=45`, { token })
    await expect
      .poll(() => worker.redis.pubsub('NUMSUB', keys.logChannel(jobId.parse(id))))
      .toEqual([expect.any(String), 1])
    const job = await worker.take('shop/hello')
    await worker.write(job, 'one')
    await worker.conclude(job, exitCode)
    const answer = await (await asked).end()
    expect(answer).toMatchObject({ status: 200, headers: { 'exit-code': String(exitCode) } })
    expect(parse(answer)).toMatchObject({ id, exitCode })
    expect((await ask(port, `GET /jobs/${String(id)}?wait=45`, { token })).text).toBe(answer.text)
  })

  it.each(['0', '1'])('is answered with the job as it is after %s s without one', async (seconds) => {
    const { port } = stage
    const { id } = parse(await ask(port, 'POST /hello?async', { token }))
    const answer = await ask(port, `GET /jobs/${String(id)}?wait=${seconds}`, { token })
    expect(answer.status).toBe(200)
    expect(answer.headers).not.toHaveProperty('exit-code')
    expect(parse(answer)).toMatchObject({ id, state: 'queued' })
  })

  it.each(['', '46', '-1', '1.5', 'x', '1e1', '45s', '%00', '9'.repeat(20)])(
    'refuses wait=%s',
    async (wait) => {
      const { port } = stage
      const { id } = parse(await ask(port, 'POST /hello?async', { token }))
      const answer = await ask(port, `GET /jobs/${String(id)}?wait=${wait}`, { token })
      expect(answer.status).toBe(400)
      expect(parse(answer).detail).toBe(
        'The value of "wait" in the query is not right. Give a number of seconds from 0 to 45.',
      )
      expect((await ask(port, `GET /jobs/no-id?wait=${wait}`, { token })).status).toBe(401)
    },
  )
})
