import { ServerResponse, type IncomingMessage } from 'node:http'
import { keyOf } from '@redeployster/shared/testing/requests'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHeldStreams } from './held-streams.ts'
import { entry, limits, setStage, type Stage } from './testing/api.ts'
import { ask, open, parse } from './testing/http.ts'

const token = 'dolphin'
const [hello, other] = [keyOf('shop/hello'), keyOf('shop/other')]
const response = () => new ServerResponse({ method: 'GET' } as IncomingMessage)

describe('places for streams', () => {
  it('are limited for each service and in all, and free again when a response is closed', () => {
    const streams = createHeldStreams({ streams: 3, streamsPerService: 2 })
    const held = [response(), response()]
    for (const it of held) streams.hold(it, hello)
    expect(() => streams.hold(response(), hello)).toThrow(/Too many/)
    streams.hold(response(), other)
    expect(() => streams.hold(response(), other)).toThrow(/Too many/)

    held[0]?.emit('close')
    streams.hold(response(), other)
    held[1]?.emit('close')
    streams.hold(response(), hello)
    expect(() => streams.hold(response(), hello)).toThrow(/Too many/)
  })

  it('are one for each response, of the service that it asked for last', () => {
    const streams = createHeldStreams({ streams: 2, streamsPerService: 1 })
    const held = response()
    for (const service of [hello, other, other]) streams.hold(held, service)
    expect(() => streams.hold(response(), other)).toThrow(/Too many/)
    streams.hold(response(), hello)
    expect(() => streams.hold(response(), keyOf('shop/third'))).toThrow(/Too many/)

    expect(() => streams.hold(held, hello)).toThrow(/Too many/)
    held.emit('close')
    streams.hold(response(), other)
    expect(() => streams.hold(response(), keyOf('shop/third'))).toThrow(/Too many/)
  })

  it('are not taken by a client that has left', () => {
    const streams = createHeldStreams({ streams: 1, streamsPerService: 1 })
    streams.hold({ closed: true } as ServerResponse, hello)
    expect(() => streams.hold(response(), hello)).not.toThrow()
  })
})

describe('an API that holds as many streams as it may', () => {
  let stage: Stage
  beforeEach(async () => {
    stage = await setStage({ limits: { ...limits, streams: 2, streamsPerService: 1 } })
    await stage.worker.publish([entry('shop/hello'), entry('shop/other'), entry('shop/third')])
  })
  afterEach(() => stage.stop())

  it('refuses a deploy before anything is queued, and says when to come back', async () => {
    const { port, worker } = stage
    const held = [await open(port, 'POST /hello', { token }), await open(port, 'POST /other', { token })]
    const refused = await ask(port, 'POST /third', { token })
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    expect(parse(refused)).toMatchObject({ code: 'too_many_streams' })
    expect(await worker.jobs.list({ limit: 9, service: 'third' })).toEqual([])
    await expect(worker.fetch('shop/third')).rejects.toThrow('No job')
    for (const it of held) it.leave()
  })

  it('refuses to show a log, of a job that runs or has ended', async () => {
    const { port, worker } = stage
    const held = await open(port, 'POST /hello', { token })
    const job = await worker.take('shop/hello')
    const paths = [`GET /jobs/${job.id}/log?follow`, `GET /jobs/${job.id}/log`]
    for (const path of paths) expect((await ask(port, path, { token })).status).toBe(503)
    expect((await ask(port, `GET /jobs/${job.id}`, { token })).status).toBe(200)

    await worker.conclude(job, 0)
    await held.end()
    for (const path of paths) expect((await ask(port, path, { token })).status).toBe(200)
  })

  it('has a place again when a client leaves, or when its stream ends', async () => {
    const { port, worker } = stage
    const leaving = await open(port, 'POST /hello', { token })
    const job = await worker.take('shop/hello')
    leaving.leave()
    await expect
      .poll(async () => {
        const again = await open(port, 'POST /hello', { token })
        again.leave()
        return again.status
      })
      .toBe(200)
    await worker.conclude(job, 0)
  })

  it('tells a stranger nothing of it', async () => {
    const { port } = stage
    const held = [await open(port, 'POST /hello', { token }), await open(port, 'POST /other', { token })]
    for (const asked of ['POST /hello', 'POST /nobody', 'GET /jobs/no-id/log'])
      expect((await ask(port, asked, { token: 'wrong' })).status).toBe(401)
    for (const it of held) it.leave()
  })
})
