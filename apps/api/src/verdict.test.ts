import { jobId } from '@redeployster/shared/contract/job'
import { keys } from '@redeployster/shared/redis/keys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rawRequest, sendRaw } from '../../../test/harness/raw.ts'
import { limits, setStage, startTestApi, type Stage } from './testing/api.ts'
import { ask, open, parse } from './testing/http.ts'

const token = 'dolphin'

let stage: Stage
beforeEach(async () => void (stage = await setStage()))
afterEach(() => stage.stop())

async function deploy(port = stage.port) {
  const answer = await ask(port, 'POST /hello?wait', { token })
  return { id: String(answer.headers['job-id']), asked: String(answer.headers.location) }
}

/** How many wait for news of a job. */
async function waiting(id: string): Promise<number> {
  const [, count] = await stage.worker.redis.pubsub('NUMSUB', keys.logChannel(jobId.parse(id)))
  return Number(count)
}

/** An API that holds nobody for long. */
function hasty() {
  return startTestApi(stage.redis, { holdMs: 60 })
}

describe('/jobs/:id/verdict', () => {
  it.each([
    ['GET', 0, 200],
    ['POST', 0, 200],
    ['GET', 3, 424],
    ['POST', 124, 424],
  ])('is held until the verdict, and is the log: %s, exit code %i, %i', async (method, exitCode, status) => {
    const { port, worker } = stage
    const { id, asked } = await deploy()
    const held = open(port, `${method} ${asked}`, { token })
    await expect.poll(() => waiting(id)).toBe(1)
    const job = await worker.take('shop/hello')
    await worker.write(job, 'one', 'two')
    await worker.conclude(job, exitCode)
    const answer = await (await held).end()
    expect(answer).toMatchObject({
      status,
      headers: {
        'exit-code': String(exitCode),
        'job-id': id,
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'no-store, no-transform',
      },
      text: `one\ntwo\nredeployster: job ${id} exit-code: ${exitCode}\n`,
      isWhole: true,
    })
    const again = await ask(port, `${method} ${asked}`, { token })
    expect([again.status, again.text]).toEqual([status, answer.text])
  })

  it.each(['cancelled', 'expired', 'rejected', 'interrupted', 'timed-out'] as const)(
    'of a job that was %s is no 200',
    async (state) => {
      const { port, worker } = stage
      const { asked } = await deploy()
      await worker.conclude(await worker.take('shop/hello'), 125, { state, started: false })
      expect((await ask(port, `GET ${asked}`, { token })).status).toBe(424)
    },
  )

  it('is sent round once more while there is no verdict, and then has it', async () => {
    const api = await hasty()
    const { id, asked } = await deploy(api.port)
    for (const method of ['GET', 'POST', 'GET']) {
      const answer = await ask(api.port, `${method} ${asked}`, { token })
      expect(answer).toMatchObject({ status: 303, headers: { location: asked, 'job-id': id } })
    }
    await stage.worker.conclude(await stage.worker.take('shop/hello'), 0)
    expect((await ask(api.port, `GET ${asked}`, { token })).status).toBe(200)
    await api.stop()
  })

  it('can be had over HTTP/1.0', async () => {
    const { worker } = stage
    const api = await hasty()
    const { asked, id } = await deploy(api.port)
    const request = rawRequest(`GET ${asked}`, [`Authorization: Bearer ${token}`])
    const get = () => sendRaw(`http://127.0.0.1:${api.port}`, request.replace('HTTP/1.1', 'HTTP/1.0'))
    const open = await get()
    expect(open.status).toBe(303)
    expect(open.text).toContain(`location: ${asked}`)
    await worker.conclude(await worker.take('shop/hello'), 3)
    const ended = await get()
    expect(ended.status).toBe(424)
    expect(ended.text).toMatch(/^exit-code: 3\r$/im)
    expect(ended.text.endsWith(`\r\n\r\nredeployster: job ${id} exit-code: 3\n`)).toBe(true)
    await api.stop()
  })

  it('of a job that no worker came to take in time is there, too', async () => {
    const api = await startTestApi(stage.redis, { holdMs: 60, startByMs: 1 })
    const { id, asked } = await deploy(api.port)
    await stage.worker.beat(new Date(0))
    await expect.poll(async () => (await ask(api.port, `GET ${asked}`, { token })).status).toBe(424)
    expect(parse(await ask(api.port, `GET /jobs/${id}`, { token }))).toMatchObject({
      state: 'expired',
      started: false,
    })
    await api.stop()
  })

  it('never comes, and never is a 200, when Redis has lost the job', async () => {
    const api = await startTestApi(stage.redis, { holdMs: 60, startByMs: 1 })
    const { id, asked } = await deploy(api.port)
    const held = open(api.port, `GET ${asked}`, { token })
    await stage.worker.redis.del(keys.job(jobId.parse(id)))
    expect([303, 401]).toContain((await held).status)
    expect((await ask(api.port, `GET ${asked}`, { token })).status).toBe(401)
    await api.stop()
  })

  it('is told from the record when the log is gone', async () => {
    const { port, worker } = stage
    const { id, asked } = await deploy()
    await worker.conclude(await worker.take('shop/hello'), 3)
    await worker.redis.del(keys.log(jobId.parse(id)))
    expect(await ask(port, `GET ${asked}`, { token })).toMatchObject({
      status: 424,
      text: expect.stringContaining('not kept any more') as string,
    })
  })

  it.each(['GET', 'POST'])('%s tells a stranger nothing', async (method) => {
    const { port } = stage
    const { asked } = await deploy()
    const strange = await ask(port, `${method} ${asked}`, { token: 'wrong' })
    const unknown = await ask(port, `${method} /jobs/no-id/verdict`, { token: 'wrong' })
    expect([strange.status, unknown.status]).toEqual([401, 401])
    expect(parse(strange).detail).toBe(parse(unknown).detail)
  })
})

describe('a client that leaves while it is held', () => {
  it.each(['/verdict', '?wait=45'])('gives its place back: %s', async (rest) => {
    const { worker } = stage
    const api = await startTestApi(stage.redis, { limits: { ...limits, streams: 1 } })
    const { id } = await deploy(api.port)
    const request = new AbortController()
    const left = fetch(`http://127.0.0.1:${api.port}/jobs/${id}${rest}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: request.signal,
    })
    await expect.poll(() => waiting(id)).toBe(1)
    expect((await ask(api.port, `GET /jobs/${id}/verdict`, { token })).status).toBe(503)
    request.abort()
    await expect(left).rejects.toThrow('aborted')
    await expect.poll(() => waiting(id)).toBe(0)
    await worker.conclude(await worker.take('shop/hello'), 0)
    await expect
      .poll(async () => (await ask(api.port, `GET /jobs/${id}/verdict`, { token })).status)
      .toBe(200)
    await api.stop()
  })
})

it('sends whom it holds to where another API goes on, when the API stops', async () => {
  const { port, worker, redis } = stage
  const api = await startTestApi(redis)
  const { id, asked } = await deploy(api.port)
  const held = open(api.port, `GET ${asked}`, { token })
  const looking = open(api.port, `GET /jobs/${id}?wait=45`, { token })
  await expect.poll(() => waiting(id)).toBe(1)
  await api.stop()
  expect(await held).toMatchObject({ status: 303, headers: { location: asked } })
  expect(parse(await (await looking).end())).toMatchObject({ id, state: 'queued' })
  await worker.conclude(await worker.take('shop/hello'), 0)
  expect((await ask(port, `GET ${asked}`, { token })).status).toBe(200)
})
