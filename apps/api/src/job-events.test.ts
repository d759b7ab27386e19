import { keys } from '@redeployster/shared/redis/keys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setStage, startTestApi, type Stage } from './testing/api.ts'
import { linesOf, receive } from './testing/events.ts'
import { ask, open, parse, type Asked } from './testing/http.ts'

const token = 'dolphin'
const events = (lastEventId?: string): Asked => ({
  token,
  headers: {
    accept: 'text/event-stream',
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  },
})

let stage: Stage
beforeEach(async () => void (stage = await setStage()))
afterEach(() => stage.stop())

async function deploy() {
  const answer = await open(stage.port, 'POST /hello', { token })
  answer.leave()
  return stage.worker.take('shop/hello')
}

/** A job of three lines that has failed. */
async function deployed() {
  const job = await deploy()
  await stage.worker.write(job, 'one', 'two')
  await stage.worker.write(job, 'three')
  await stage.worker.conclude(job, 3, { reason: 'compose failed' })
  return job
}

describe('GET /jobs/:id/log with Accept: text/event-stream', () => {
  it('sends each line under its number while the job runs, then the verdict', async () => {
    const { port, worker } = stage
    const job = await deploy()
    await worker.write(job, 'one')
    const answer = await open(port, `GET /jobs/${job.id}/log`, events())
    await answer.until('data: one\n\n')
    await worker.write(job, 'two', '')
    await worker.conclude(job, 3, { reason: 'compose failed' })

    const { headers, text, trailers } = await answer.end()
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'job-id': job.id,
      trailer: 'Exit-Code',
    })
    const received = receive(text)
    expect(received).toMatchObject({
      comments: [`redeployster: job ${job.id} deploys shop/hello on host alpha`],
      lastEventId: '3',
      retryMs: 1000,
    })
    expect(linesOf(received)).toEqual(['1 one', '2 two', '3 '])
    const last = received.events.at(-1)
    expect([last?.type, JSON.parse(last?.data ?? '')]).toEqual([
      'verdict',
      { id: job.id, state: 'failed', exitCode: 3, started: true, reason: 'compose failed' },
    ])
    expect(trailers).toEqual({ 'exit-code': '3' })
  })

  it('of a job that has ended is all of it at once', async () => {
    const job = await deployed()
    const { headers, text } = await ask(stage.port, `GET /jobs/${job.id}/log`, events())
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'exit-code': '3' })
    expect(linesOf(receive(text))).toEqual(['1 one', '2 two', '3 three'])
    expect(receive(text).events.at(-1)?.type).toBe('verdict')
  })

  it.each([
    ['', '', ['1 one', '2 two', '3 three']],
    ['', '0', ['1 one', '2 two', '3 three']],
    ['', '1', ['2 two', '3 three']],
    ['', '2', ['3 three']],
    ['', '3', []],
    ['', '999999999', []],
    ['?from=2', undefined, ['2 two', '3 three']],
    ['?from=2', '', ['2 two', '3 three']],
    ['?from=1', '2', ['3 three']],
    ['?from=3', '1', ['2 two', '3 three']],
  ])(
    '%s with Last-Event-ID %s goes on behind it, which counts more than from',
    async (query, seen, lines) => {
      const job = await deployed()
      const { text } = await ask(stage.port, `GET /jobs/${job.id}/log${query}`, events(seen))
      expect(linesOf(receive(text))).toEqual(lines)
      expect(receive(text).events.at(-1)?.type).toBe('verdict')
    },
  )

  it.each(['x', '-1', '1.5', '1e3', ' 1 2', '../x', 'é', '9'.repeat(20)])(
    'refuses Last-Event-ID: %s, which nobody has had from us',
    async (seen) => {
      const job = await deployed()
      const answer = await ask(stage.port, `GET /jobs/${job.id}/log`, events(seen))
      expect(answer.status).toBe(400)
      expect(parse(answer)).toMatchObject({
        code: 'bad_request',
        detail: expect.stringContaining('Last-Event-ID') as string,
      })
      const text = await ask(stage.port, `GET /jobs/${job.id}/log`, {
        token,
        headers: { 'last-event-id': seen },
      })
      expect(text.status).toBe(200)
    },
  )

  it('says which lines are not kept, under the number of the last of them', async () => {
    const { port, worker } = stage
    const job = await deployed()
    await worker.redis.xdel(keys.log(job.id), '1-0')
    const text = async (seen: string) =>
      linesOf(receive((await ask(port, `GET /jobs/${job.id}/log`, events(seen))).text))
    expect(await text('')).toEqual(['2 redeployster: lines 1–2 not kept', '3 three'])
    expect(await text('1')).toEqual(['2 redeployster: lines 2–2 not kept', '3 three'])
    expect(await text('2')).toEqual(['3 three'])
  })

  it('has the verdict also when the log is gone', async () => {
    const job = await deployed()
    await stage.worker.redis.del(keys.log(job.id))
    const { events: received } = receive((await ask(stage.port, `GET /jobs/${job.id}/log`, events('2'))).text)
    expect(received).toMatchObject([
      { type: 'message', data: 'redeployster: this log, or the rest of it, is not kept any more' },
      { type: 'verdict', data: expect.stringContaining('"exitCode":3') as string },
    ])
  })

  it('ends without a verdict when the API stops, and goes on at another one with no line missing or doubled', async () => {
    const { redis, port, worker } = stage
    const api = await startTestApi(redis)
    const job = await deploy()
    await worker.write(job, 'one', 'two')
    const first = await open(api.port, `GET /jobs/${job.id}/log`, events())
    await first.until('data: two\n\n')
    await api.stop()
    const { text, isWhole, trailers } = await first.end()
    expect({ isWhole, trailers }).toEqual({ isWhole: true, trailers: {} })
    const cut = receive(text)
    expect(linesOf(cut)).toEqual(['1 one', '2 two'])
    expect(cut.events.map(({ type }) => type)).not.toContain('verdict')
    expect(cut.comments.at(-1)).toBe(`redeployster: API stopping; job ${job.id} goes on`)

    await worker.write(job, 'three')
    const second = await open(port, `GET /jobs/${job.id}/log`, events(cut.lastEventId))
    await worker.conclude(job, 0)
    const rest = receive((await second.end()).text)
    expect(linesOf(rest)).toEqual(['3 three'])
    expect(rest.events.at(-1)?.type).toBe('verdict')
  })
})
