import { once } from 'node:events'
import http from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setStage, startTestApi, type Stage } from './testing/api.ts'
import { ask, open } from './testing/http.ts'

const token = 'dolphin'

let stage: Stage
let api: Awaited<ReturnType<typeof startTestApi>>
beforeEach(async () => {
  stage = await setStage()
  api = await startTestApi(stage.redis)
})
afterEach(() => stage.stop())

describe('an API that is asked to stop', () => {
  it('ends its streams without a verdict, and says that the job goes on', async () => {
    const answer = await open(api.port, 'POST /hello', { token })
    const job = await stage.worker.take('shop/hello')
    await stage.worker.write(job, 'one')
    await answer.until('one\n')
    await api.stop()

    const end = await answer.end()
    expect(end.text.split('\n').slice(1)).toEqual([
      'one',
      `redeployster: API stopping; job ${job.id} goes on`,
      '',
    ])
    expect(end).toMatchObject({ trailers: {}, isWhole: true })

    await stage.worker.conclude(job, 0)
    const other = await ask(stage.port, `GET /jobs/${job.id}/log?follow`, { token })
    expect(other.trailers).toEqual({ 'exit-code': '0' })
  })

  it('accepts no deploy any more, not even one that was on its way', async () => {
    const request = http.request({
      port: api.port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/hello',
      headers: { authorization: `Bearer ${token}`, 'transfer-encoding': 'chunked', expect: '100-continue' },
    })
    request.flushHeaders()
    await once(request, 'continue')
    const stopped = api.stop()
    request.end('the rest of the body')
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    expect(response.statusCode).toBe(503)
    expect(await response.setEncoding('utf8').toArray()).toEqual([
      expect.stringContaining('"code":"stopping"'),
    ])
    await stopped
  })

  it('waits for no client that neither reads nor leaves', async () => {
    const stalled = await open(api.port, 'POST /hello', { token })
    stalled.pause()
    const job = await stage.worker.take('shop/hello')
    const line = 'x'.repeat(100_000)
    for (let number = 0; number < 200; number++) await stage.worker.write(job, line)
    await stage.worker.conclude(job, 0)
    await api.stop()
    stalled.resume()
    expect(await stalled.end()).toMatchObject({ trailers: {}, isWhole: false })
  })

  it('leaves neither its port nor a connection to Redis behind', async () => {
    const before = await connections()
    await api.stop()
    await expect.poll(connections).toBe(before - 2)
    const next = await startTestApi(stage.redis, { port: api.port })
    expect(next.port).toBe(api.port)
    await next.stop()
  })
})

async function connections(): Promise<number> {
  const list = String(await stage.worker.redis.client('LIST'))
  return list.trim().split('\n').length
}
