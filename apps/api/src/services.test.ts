import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  adminToken,
  beta,
  createFakeWorker,
  entry,
  setStage,
  type FakeWorker,
  type Stage,
} from './testing/api.ts'
import { ask, open, parse } from './testing/http.ts'

const token = 'dolphin'

let stage: Stage
let other: FakeWorker
beforeAll(async () => {
  stage = await setStage()
  other = createFakeWorker(stage.redis.url, beta, 'beta')
  await stage.worker.publish([
    entry('shop/hello'),
    entry('shop/old', { state: 'gone', goneSince: '2026-01-01T00:00:00.000Z' }),
    entry('blog/web', { tokens: ['of the blog'] }),
  ])
  await other.publish([entry('shop/hello', { host: beta, health: 'starting' })])
})
afterAll(async () => {
  other.stop()
  await stage.stop()
})

const image = 'example/hello:1'

describe('GET /services', () => {
  it('lists what the token deploys on all hosts, by the names of hosts that people know', async () => {
    expect(parse(await ask(stage.port, 'GET /services', { token }))).toEqual({
      services: [
        { project: 'shop', service: 'hello', host: 'alpha', state: 'deployable', health: 'healthy', image },
        { project: 'shop', service: 'hello', host: 'beta', state: 'deployable', health: 'starting', image },
        { project: 'shop', service: 'old', host: 'alpha', state: 'gone', health: 'healthy', image },
      ],
    })
  })

  it('shows the last job of each', async () => {
    const answer = await open(stage.port, 'POST /web', { token: 'of the blog' })
    await stage.worker.conclude(await stage.worker.take('blog/web'), 0)
    await answer.end()
    expect(parse(await ask(stage.port, 'GET /services', { token: 'of the blog' }))).toMatchObject({
      services: [
        { service: 'web', lastJob: { id: answer.headers['job-id'], state: 'succeeded', exitCode: 0 } },
      ],
    })
  })

  it('lists all for the admin, and digests for nobody', async () => {
    const { text } = await ask(stage.port, 'GET /services', { token: adminToken })
    expect((JSON.parse(text) as { services: object[] }).services.length).toBe(4)
    expect(text).not.toMatch(/digest/i)
  })
})
