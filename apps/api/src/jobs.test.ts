import type { JobRequest } from '@redeployster/shared/contract/job'
import { keys } from '@redeployster/shared/redis/keys'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { adminToken, alpha, entry, setStage, type Stage } from './testing/api.ts'
import { ask, open, parse } from './testing/http.ts'

const token = 'dolphin'

let stage: Stage
beforeAll(async () => void (stage = await setStage()))
beforeEach(() => stage.worker.publish([entry('shop/hello')]))
afterAll(() => stage.stop())

describe('GET /jobs/:id', () => {
  it('tells how a job is, from its acceptance to its verdict', async () => {
    const { worker, port } = stage
    const id = await deploy()
    const queued = await ask(port, `GET /jobs/${id}`, { token })
    const job = await worker.take('shop/hello')
    const running = await ask(port, `GET /jobs/${id}`, { token })
    await worker.conclude(job, 3, { reason: 'compose failed' })
    const final = await ask(port, `GET /jobs/${id}`, { token })

    const { acceptedAt, startBy } = job
    const always = { id, host: alpha, project: 'shop', service: 'hello', acceptedAt, startBy, requests: 1 }
    expect(parse(queued)).toEqual({ ...always, state: 'queued', started: false })
    expect(parse(running)).toMatchObject({ ...always, state: 'running', started: true })
    expect(parse(final)).toEqual({
      ...always,
      state: 'failed',
      exitCode: 3,
      started: true,
      reason: 'compose failed',
      startedAt: expect.any(String) as string,
      finishedAt: expect.any(String) as string,
    })
    expect([queued, running, final].map(({ headers }) => headers['exit-code'])).toEqual([
      undefined,
      undefined,
      '3',
    ])
  })

  it('is open to the admin, and to the token of the service as it is now', async () => {
    const { worker, port } = stage
    const id = await deploy()
    await worker.publish([entry('shop/hello', { tokens: ['rotated'] })])
    expect((await ask(port, `GET /jobs/${id}`, { token: adminToken })).status).toBe(200)
    expect((await ask(port, `GET /jobs/${id}`, { token: 'rotated' })).status).toBe(200)
    await worker.conclude(await worker.take('shop/hello'), 0)
  })

  it('stays open to the token that asked for the job, when that is replaced or no catalogue is there', async () => {
    const { worker, port } = stage
    const id = await deploy()
    await worker.publish([entry('shop/hello', { tokens: ['rotated'] })])
    expect((await ask(port, 'POST /hello', { token })).status).toBe(401)
    expect((await ask(port, `GET /jobs/${id}`, { token })).status).toBe(200)
    await worker.redis.del(keys.hosts)
    expect((await ask(port, `GET /jobs/${id}/log`, { token })).status).toBe(200)
    await worker.conclude(await worker.take('shop/hello'), 0)
  })
})

describe('GET /jobs/:id/log', () => {
  it('is the text so far of a job at work', async () => {
    const { worker, port } = stage
    const id = await deploy()
    const job = await worker.take('shop/hello')
    await worker.write(job, 'one', 'two')
    const answer = await ask(port, `GET /jobs/${id}/log`, { token })
    expect(answer).toMatchObject({ status: 200, text: 'one\ntwo\n', trailers: {}, isWhole: true })
    expect(answer.headers).not.toHaveProperty('exit-code')
    await worker.conclude(job, 0)
  })

  it('ends with the exit code once there is a verdict, and has it as a header', async () => {
    const { id } = await deployed(['one', 'two'], 3)
    expect(await ask(stage.port, `GET /jobs/${id}/log`, { token })).toMatchObject({
      headers: { 'content-type': 'text/plain; charset=utf-8', 'job-id': id, 'exit-code': '3' },
      text: `one\ntwo\nredeployster: job ${id} exit-code: 3\n`,
    })
  })

  it.each([
    ['?from=1', 'one\ntwo\nthree\n'],
    ['?from=2', 'two\nthree\n'],
    ['?from=3', 'three\n'],
    ['?from=4', ''],
    ['?from=999999999', ''],
  ])('%s begins with that line', async (query, lines) => {
    const { worker, port } = stage
    await deploy()
    const job = await worker.take('shop/hello')
    await worker.write(job, 'one', 'two')
    await worker.write(job, 'three')
    await worker.conclude(job, 0)
    const text = `${lines}redeployster: job ${job.id} exit-code: 0\n`
    expect((await ask(port, `GET /jobs/${job.id}/log${query}`, { token })).text).toBe(text)
  })

  it.each(['0', '-1', 'x', '1.5', '', '1e3', '%00', '9'.repeat(20)])('refuses from=%s', async (from) => {
    const { id } = await deployed([], 0)
    const answer = await ask(stage.port, `GET /jobs/${id}/log?from=${from}`, { token })
    expect(answer.status).toBe(400)
    expect(parse(answer)).toMatchObject({
      code: 'bad_request',
      detail: expect.stringContaining('from') as string,
    })
  })

  it('is said to be gone when it is, and the verdict comes from the record, with ?follow too', async () => {
    const { worker, port } = stage
    const { id } = await deployed(['one'], 3)
    await worker.redis.del(keys.log(id))
    await worker.redis.hset(keys.job(id), 'reason', 'because')
    const end =
      'redeployster: this log, or the rest of it, is not kept any more\n' +
      `redeployster: because\nredeployster: job ${id} exit-code: 3\n`
    expect((await ask(port, `GET /jobs/${id}/log`, { token })).text).toBe(end)
    expect(await ask(port, `GET /jobs/${id}/log?follow`, { token })).toMatchObject({
      text: end,
      trailers: { 'exit-code': '3' },
    })
  })

  it('does nothing to a terminal, and looks like ours only where it is', async () => {
    const { id } = await deployed(['\u001b[31mred\u0007', '\u001b[0mredeployster: job 1 exit-code: 0'], 0)
    expect((await ask(stage.port, `GET /jobs/${id}/log`, { token })).text).toMatch(
      /^red\\u0007\n redeployster: job 1 exit-code: 0\n/,
    )
  })

  it('says which lines are not kept', async () => {
    const { worker, port } = stage
    const { id } = await deployed([], 0)
    await worker.redis.del(keys.log(id))
    await worker.redis.xadd(keys.log(id), '3-0', 'd', 'three')
    expect((await ask(port, `GET /jobs/${id}/log`, { token })).text).toContain(
      'redeployster: lines 1–2 not kept\nthree\n',
    )
  })
})

describe('GET /jobs/:id/log?follow', () => {
  it('streams from a line on to the verdict, like the deploy itself', async () => {
    const { worker, port } = stage
    const id = await deploy()
    const job = await worker.take('shop/hello')
    await worker.write(job, 'one', 'two')
    const answer = await open(port, `GET /jobs/${id}/log?follow&from=2`, { token })
    await answer.until('two\n')
    await worker.write(job, 'three')
    await worker.conclude(job, 6)
    expect(await answer.end()).toMatchObject({
      headers: { trailer: 'Exit-Code', 'job-id': id },
      text:
        `redeployster: job ${id} deploys shop/hello on host alpha\n` +
        `two\nthree\nredeployster: job ${id} exit-code: 6\n`,
      trailers: { 'exit-code': '6' },
    })
  })

  it('of a job with a verdict is its whole text', async () => {
    const { id } = await deployed(['one'], 6)
    expect(await ask(stage.port, `GET /jobs/${id}/log?follow`, { token })).toMatchObject({
      text: `one\nredeployster: job ${id} exit-code: 6\n`,
      trailers: { 'exit-code': '6' },
    })
  })
})

async function deploy(): Promise<string> {
  const answer = await open(stage.port, 'POST /hello', { token })
  answer.leave()
  return String(answer.headers['job-id'])
}

async function deployed(lines: readonly string[], exitCode: number): Promise<JobRequest> {
  await deploy()
  const job = await stage.worker.take('shop/hello')
  await stage.worker.write(job, ...lines)
  await stage.worker.conclude(job, exitCode)
  return job
}
