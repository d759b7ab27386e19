import { createCatalogueReader } from '@redeployster/shared/catalogue/redis-catalogue'
import type { JobRequest } from '@redeployster/shared/contract/job'
import type { LogReader } from '@redeployster/shared/log/log'
import { createLogReader } from '@redeployster/shared/log/redis-log-reader'
import { connectRedis, firstAttempt, type Redis } from '@redeployster/shared/redis/connect'
import { keys } from '@redeployster/shared/redis/keys'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import { requestOf } from '@redeployster/shared/testing/requests'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TextWithExitCode } from './exit-code-trailer.ts'
import { followLog } from './follow-log.ts'
import { logEvents } from './log-events.ts'
import { logText } from './log-text.ts'
import { alpha, createFakeWorker, entry, silent, type FakeWorker } from './testing/api.ts'

let server: TestRedis
let worker: FakeWorker
let redis: Redis
let subscriber: Redis
beforeAll(async () => {
  server = await startRedis()
  worker = createFakeWorker(server.url)
  redis = connectRedis(server.url, 'impatient', silent)
  subscriber = connectRedis(server.url, 'patient', silent)
  await firstAttempt(redis)
})
beforeEach(() => worker.publish([entry('shop/hello')]))
afterAll(async () => {
  for (const connection of [redis, subscriber]) connection.disconnect()
  worker.stop()
  await server.stop()
})

describe('a stream that has nothing to show', () => {
  it('says after each silence that it is alive, until there is something again', async () => {
    const job = await accepted()
    await worker.jobs.begin(job, new Date())
    const { text } = follow(job)
    expect(await take(text, 3)).toEqual([
      'opening\n',
      expect.stringMatching(/^redeployster: still running \(\d+ s\)\n$/),
      expect.stringMatching(/^redeployster: still running \(\d+ s\)\n$/),
    ])
    await worker.write(job, 'one')
    expect(await untilNot(text, /still running/)).toBe('one\n')
  })

  it('says that there is no worker when none has been heard of', async () => {
    await worker.beat(new Date(0))
    const { text } = follow(await accepted())
    expect(await take(text, 2)).toContainEqual(expect.stringContaining('redeployster: no worker on host'))
  })

  it('takes the verdict from the record when the log has lost it', async () => {
    const job = await accepted()
    await worker.jobs.conclude(job, { state: 'failed', exitCode: 9, started: true })
    await redis.del(keys.log(job.id))
    const { text } = follow(job)
    await take(text, 1)
    expect(await text.next()).toEqual({
      done: false,
      value: `redeployster: this log, or the rest of it, is not kept any more\nredeployster: job ${job.id} exit-code: 9\n`,
    })
    expect(await text.next()).toEqual({ done: true, value: 9 })
  })

  it('ends without a verdict when Redis has lost the job and its time has run out', async () => {
    const job = await accepted(new Date(Date.now() - 1))
    await redis.del(keys.job(job.id))
    const { text } = follow(job)
    const [, end] = await take(text, 2)
    expect(end).toBe(
      `redeployster: Redis has lost job ${job.id}: if it had begun, its verdict will be at /jobs/${job.id}, else deploy again\n`,
    )
    expect(await text.next()).toEqual({ done: true, value: undefined })
  })

  it('ends without a verdict when what Redis holds of the job cannot be read', async () => {
    const job = await accepted()
    await redis.hset(keys.job(job.id), 'state', 'half')
    const { text } = follow(job)
    const [, end] = await take(text, 2)
    expect(end).toBe(
      `redeployster: what Redis holds of job ${job.id} cannot be read: somebody else or another version wrote there, and ` +
        'its verdict cannot be told here; the log of the worker says whether it was started\n',
    )
    expect(await text.next()).toEqual({ done: true, value: undefined })
  })

  it('stays when it is the host that cannot be read', async () => {
    const job = await accepted()
    await redis.del(keys.hosts)
    await redis.set(keys.hosts, 'x')
    const { text } = follow(job)
    expect(await take(text, 2)).toContainEqual(expect.stringContaining('still queued'))
    await redis.del(keys.hosts)
  })

  it('stays when Redis has lost a job whose time has not run out', async () => {
    const job = await accepted()
    await redis.del(keys.job(job.id))
    const { text } = follow(job)
    expect(await take(text, 2)).toContainEqual(expect.stringContaining('still queued'))
  })

  it('ends the job as expired when its time has run out and no worker is there', async () => {
    await worker.beat(new Date(0))
    const job = await accepted(new Date(Date.now() - 1))
    const { text } = follow(job)
    const [, end] = await take(text, 2)
    expect(end?.split('\n')).toEqual([
      expect.stringMatching(/^redeployster: no worker came to take this job in time, so nothing was started/),
      `redeployster: job ${job.id} exit-code: 125`,
      '',
    ])
    expect(await worker.jobs.get(job.id)).toMatchObject({ state: 'expired', exitCode: 125, started: false })
    expect(await worker.jobs.begin(job, new Date())).toBe('over')
  })
})

it('shows all lines that are there in one piece', async () => {
  const job = await accepted()
  await worker.write(job, 'one', 'two')
  await worker.write(job, 'three')
  await worker.jobs.conclude(job, { state: 'succeeded', exitCode: 0, started: true })
  const { text } = follow(job, 60_000)
  expect(await take(text, 2)).toEqual([
    'opening\n',
    `one\ntwo\nthree\nredeployster: job ${job.id} exit-code: 0\n`,
  ])
})

it('says that it is alive in comments, when it is a stream of events', async () => {
  const job = await accepted()
  await worker.jobs.begin(job, new Date())
  const { text } = follow(job, 20, logEvents)
  expect(await take(text, 2)).toEqual([
    'retry: 1000\n\n: opening\n\n',
    expect.stringMatching(/^: redeployster: still running \(\d+ s\)\n\n$/),
  ])
  await worker.jobs.conclude(job, { state: 'succeeded', exitCode: 0, started: true })
  expect(await untilNot(text, /still running/)).toMatch(/^event: verdict\ndata: {.*"exitCode":0/)
})

it('ends at once when the client has gone', async () => {
  const { text, leave } = follow(await accepted(), 60_000)
  await take(text, 1)
  const next = text.next()
  leave()
  expect(await next).toEqual({ done: true, value: undefined })
})

it('shows the end of the log when the verdict comes between a silence and the look at the record', async () => {
  const job = await accepted()
  const reader = createLogReader(redis, subscriber)
  const follower = reader.follow(job.id, 1)
  const next = vi.fn<typeof follower.next>(follower.next).mockImplementationOnce(async () => {
    await worker.write(job, 'last')
    await worker.jobs.conclude(job, { state: 'succeeded', exitCode: 0, started: true })
    return []
  })
  const { text } = follow(job, 60_000, logText, { ...reader, follow: () => ({ ...follower, next }) })
  let shown = ''
  for await (const piece of text) shown += piece
  expect(shown).toBe(`opening\nlast\nredeployster: job ${job.id} exit-code: 0\n`)
})

function follow(
  job: JobRequest,
  silenceMs = 20,
  form = logText,
  log: LogReader = createLogReader(redis, subscriber),
) {
  const leaving = new AbortController()
  const { signal } = leaving
  const text = followLog(
    { job: { ...job, state: 'queued', started: false }, from: 1, opening: 'opening', form, silenceMs },
    {
      log,
      jobs: worker.jobs,
      catalogue: createCatalogueReader(redis),
      stopping: new AbortController().signal,
    },
    { hasLeft: () => signal.aborted, onLeaving: (listener) => signal.addEventListener('abort', listener) },
  )
  return { text, leave: () => leaving.abort() }
}

async function accepted(startBy = new Date(Date.now() + 60_000)): Promise<JobRequest> {
  const request = requestOf('shop/hello', { host: alpha, startBy: startBy.toISOString() })
  await worker.jobs.accept(request)
  return request
}

async function take(text: TextWithExitCode, count: number): Promise<string[]> {
  const taken = []
  while (taken.length < count) taken.push(String((await text.next()).value))
  return taken
}

async function untilNot(text: TextWithExitCode, pattern: RegExp): Promise<string> {
  for (;;) {
    const said = String((await text.next()).value)
    if (!pattern.test(said)) return said
  }
}
