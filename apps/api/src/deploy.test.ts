import { once } from 'node:events'
import net from 'node:net'
import { isProven, Token } from '@redeployster/shared/contract/token'
import { keys } from '@redeployster/shared/redis/keys'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { adminToken, alpha, entry, setStage, type Stage } from './testing/api.ts'
import { ask, open, parse } from './testing/http.ts'

const token = 'dolphin'

let stage: Stage
beforeAll(async () => void (stage = await setStage()))
afterAll(() => stage.stop())

describe('the stream of a deploy', () => {
  it('carries the lines while they are written, and ends with the exit code as trailer and as last line', async () => {
    const { worker, port } = stage
    const answer = await open(port, 'POST /hello', { token })
    const id = String(answer.headers['job-id'])
    const job = await worker.take('shop/hello')
    await worker.write(job, 'Container shop-hello-1  Recreate')
    await answer.until('Recreate\n')
    await worker.write(job, 'Container shop-hello-1  Recreated', 'Container shop-hello-1  Starting')
    await answer.until('Starting\n')
    await worker.conclude(job, 3)

    expect(await answer.end()).toMatchObject({
      status: 200,
      text:
        `redeployster: job ${id} deploys shop/hello on host alpha\n` +
        'Container shop-hello-1  Recreate\n' +
        'Container shop-hello-1  Recreated\nContainer shop-hello-1  Starting\n' +
        `redeployster: job ${id} exit-code: 3\n`,
      trailers: { 'exit-code': '3' },
      isWhole: true,
    })
  })

  it('begins at once, with the job to ask for later, and lets no proxy hold it back', async () => {
    const answer = await open(stage.port, 'POST /hello', { token })
    expect(answer).toMatchObject({
      status: 200,
      headers: {
        location: `/jobs/${String(answer.headers['job-id'])}`,
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
        'transfer-encoding': 'chunked',
        trailer: 'Exit-Code',
      },
    })
    await finish('shop/hello')
    await answer.end()
  })

  it('has neither chunks nor trailers for a client of HTTP/1.0, whose last line has the exit code', async () => {
    const socket = net.connect(stage.port, '127.0.0.1')
    let text = ''
    socket.setEncoding('utf8').on('data', (data: string) => (text += data))
    const ended = once(socket, 'end')
    socket.write(`POST /hello HTTP/1.0\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    await expect.poll(() => text).toContain('deploys shop/hello')
    const { id } = await finish('shop/hello', 7)
    await ended

    const [head, body] = text.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.[01] 200 /)
    expect(head).not.toMatch(/transfer-encoding|^trailer/im)
    expect(body).toBe(
      `redeployster: job ${id} deploys shop/hello on host alpha\nredeployster: job ${id} exit-code: 7\n`,
    )
  })

  it('is nothing to the deploy: a client that leaves does not stop it', async () => {
    const { worker, port } = stage
    const answer = await open(port, 'POST /hello', { token })
    const job = await worker.take('shop/hello')
    await worker.write(job, 'before')
    await answer.until('before\n')
    answer.leave()
    const channel = keys.logChannel(job.id)
    await expect.poll(() => worker.redis.pubsub('NUMSUB', channel)).toEqual([channel, 0])
    await worker.write(job, 'after')
    await worker.conclude(job, 0)

    const log = await ask(port, `GET /jobs/${job.id}/log`, { token })
    expect(log.text).toBe(`before\nafter\nredeployster: job ${job.id} exit-code: 0\n`)
  })

  it('goes on for others when a client stops reading, and for that client when it reads again', async () => {
    const { worker, port } = stage
    const stalled = await open(port, 'POST /hello', { token })
    stalled.pause()
    const reading = await open(port, 'POST /hello', { token })
    const job = await worker.take('shop/hello')
    const lines = Array.from({ length: 1000 }, (_, index) => `${index} ${'x'.repeat(99)}`)
    for (let batch = 0; batch < 100; batch++) await worker.write(job, ...lines)
    await worker.conclude(job, 0)

    const whole = `${lines.join('\n')}\n`.repeat(100)
    const end = `redeployster: job ${job.id} exit-code: 0\n`
    expect((await reading.end()).text.endsWith(whole + end)).toBe(true)
    stalled.resume()
    const { text, trailers } = await stalled.end()
    expect(text.endsWith(whole + end)).toBe(true)
    expect(trailers).toEqual({ 'exit-code': '0' })
  })
})

describe('requests that share a job', () => {
  it('are all that come before it starts: each gets the log and the exit code', async () => {
    const { worker, port } = stage
    const answers = await Promise.all(Array.from({ length: 10 }, () => open(port, 'POST /hello', { token })))
    const job = await worker.take('shop/hello')
    await worker.write(job, 'Started')
    await worker.conclude(job, 5)

    const ends = await Promise.all(answers.map((answer) => answer.end()))
    expect(ends.map(({ trailers }) => trailers['exit-code'])).toEqual(Array(10).fill('5'))
    expect(ends.map(({ headers }) => headers['job-id'])).toEqual(Array(10).fill(job.id))
    expect(
      ends.filter(({ text }) => text.split('\n')[0]?.endsWith('shared with an earlier request')).length,
    ).toBe(9)
    expect(await worker.jobs.get(job.id)).toMatchObject({ requests: 10 })
  })

  it('are not those that come once it has started: they share the next one, and are told which goes first', async () => {
    const { worker, port } = stage
    const first = await open(port, 'POST /hello', { token })
    const running = await worker.take('shop/hello')
    const next = await Promise.all(['', ''].map(() => open(port, 'POST /hello', { token })))
    await worker.conclude(running, 0)
    const shared = await finish('shop/hello', 9)

    expect((await first.end()).trailers).toEqual({ 'exit-code': '0' })
    for (const answer of next) {
      const { text, trailers } = await answer.end()
      expect(text.split('\n')[0]).toContain(`; after job ${running.id}`)
      expect(text).toContain(`job ${shared.id} exit-code: 9`)
      expect(trailers).toEqual({ 'exit-code': '9' })
    }
  })

  it('were all made with the same token', async () => {
    const { worker, port } = stage
    await worker.publish([entry('shop/hello', { tokens: [token, 'the next one'] })])
    const answers = [
      await open(port, 'POST /hello', { token }),
      await open(port, 'POST /hello', { token: 'the next one' }),
    ]
    const jobs = [await finish('shop/hello'), await finish('shop/hello')]
    expect(answers.map(({ headers }) => headers['job-id'])).toEqual(jobs.map(({ id }) => id))
    await Promise.all(answers.map((answer) => answer.end()))
  })

  it('never share one that has ended, even when its worker was killed before it could say so', async () => {
    const { worker, port } = stage
    const first = await open(port, 'POST /hello', { token })
    const killed = await worker.fetch('shop/hello')
    await worker.jobs.conclude(killed, { state: 'succeeded', exitCode: 0, started: true })
    await first.end()

    const second = await open(port, 'POST /hello', { token })
    expect(second.headers['job-id']).not.toBe(killed.id)
    await finish('shop/hello', 4)
    expect((await second.end()).trailers).toEqual({ 'exit-code': '4' })
  })

  it('share one whose record was never written, since its API was killed', async () => {
    const { worker, port } = stage
    const first = await open(port, 'POST /hello', { token })
    const id = String(first.headers['job-id'])
    await worker.redis.del(keys.job(id))

    const second = await open(port, 'POST /hello', { token })
    expect(second.headers['job-id']).toBe(id)
    expect(await ask(port, `GET /jobs/${id}`, { token }).then(parse)).toMatchObject({
      state: 'queued',
      requests: 2,
    })
    await finish('shop/hello')
    await Promise.all([first.end(), second.end()])
  })
})

describe('a request to deploy', () => {
  it('carries a proof that only the token can make, and never the token', async () => {
    const { worker, port } = stage
    const answer = await open(port, 'POST /hello', { token })
    const request = await finish('shop/hello')
    expect(isProven(request, [new Token(token).hash])).toBe(true)
    expect(isProven(request, [new Token('wrong').hash])).toBe(false)
    expect(JSON.stringify(await worker.jobs.get(request.id))).not.toContain(token)
    await answer.end()
  })

  it('may be made with the admin token', async () => {
    const answer = await open(stage.port, 'POST /shop/hello', { token: adminToken })
    const request = await finish('shop/hello')
    expect(isProven(request, [new Token(adminToken).hash])).toBe(true)
    expect((await answer.end()).trailers).toEqual({ 'exit-code': '0' })
  })

  it('must be begun by a worker in the time that is configured', async () => {
    const answer = await open(stage.port, 'POST /hello', { token })
    const { acceptedAt, startBy } = await finish('shop/hello')
    expect(Date.parse(startBy) - Date.parse(acceptedAt)).toBe(600_000)
    await answer.end()
  })

  it('wakes the worker of the host', async () => {
    const kicked = new Promise<string>((resolve) => {
      void stage.worker.queues.onKick(alpha, (queue) => queue !== undefined && resolve(queue))
    })
    const answer = await open(stage.port, 'POST /hello', { token })
    expect(await kicked).toBe(`${alpha}.shop.hello`)
    await finish('shop/hello')
    await answer.end()
  })

  it('may have a body, of which nothing is used', async () => {
    const answer = await open(stage.port, 'POST /hello', { token, body: Buffer.alloc(64 * 1024) })
    expect(answer.status).toBe(200)
    await finish('shop/hello')
    await answer.end()
  })

  it.each([
    ['a body of more than 64 KiB', {}],
    ['a body of unknown length that is too long', { 'transfer-encoding': 'chunked' }],
  ])('starts nothing with %s', async (_, headers) => {
    const answer = await ask(stage.port, 'POST /hello', { token, headers, body: Buffer.alloc(200_000) })
    expect(answer.status).toBe(413)
    expect(parse(answer)).toMatchObject({ code: 'body_too_large' })
    expect(await stage.worker.queues.fetch(`${alpha}.shop.hello`)).toBeUndefined()
  })
})

beforeEach(() => stage.worker.publish([entry('shop/hello')]))

async function finish(name: string, exitCode = 0) {
  const job = await stage.worker.take(name)
  await stage.worker.conclude(job, exitCode)
  return job
}
