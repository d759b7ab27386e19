import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startApi } from './main.ts'
import {
  adminToken,
  beta,
  createFakeWorker,
  entry,
  limits,
  secret,
  setStage,
  silent,
  type FakeWorker,
  type Stage,
} from './testing/api.ts'
import { ask, open, parse } from './testing/http.ts'

const token = 'dolphin'
const path = '/services/shop/hello/freeze'
const reason = 'the database moves'

let stage: Stage
let other: FakeWorker
beforeAll(async () => {
  stage = await setStage()
  other = createFakeWorker(stage.redis.url, beta, 'beta')
  await stage.worker.publish([
    entry('shop/hello'),
    entry('shop/jobs'),
    entry('shop/old', { state: 'gone', goneSince: '2026-01-01T00:00:00.000Z' }),
  ])
  await other.publish([entry('shop/hello', { host: beta })])
})
afterEach(() =>
  stage.worker.redis.del(...['hello', 'jobs', 'old'].map((it) => `{redeployster}:freeze:shop.${it}`)),
)
afterAll(async () => {
  other.stop()
  await stage.stop()
})

const freeze = (body: object | string, sent = adminToken, where = path) =>
  ask(stage.port, `PUT ${where}`, {
    token: sent,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const deploy = (sent = token, query = '?host=alpha') =>
  ask(stage.port, `POST /shop/hello${query}`, { token: sent })
const queued = async () => (await stage.worker.redis.keys('*:wait')).length

describe('PUT /services/:project/:service/freeze', () => {
  it('answers with the freeze, which GET then shows', async () => {
    const answer = await freeze({ reason, by: 'anna' })
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } })
    expect(parse(answer)).toEqual({ who: 'anna', reason, since: expect.any(String) as string })
    expect(parse(await ask(stage.port, `GET ${path}`, { token: adminToken }))).toEqual(parse(answer))
  })

  it('counts the time from now on', async () => {
    const { since, until } = parse(await freeze({ reason, for: '2h' })) as Record<string, string>
    expect(Date.parse(until ?? '') - Date.parse(since ?? '')).toBe(2 * 3_600_000)
  })

  it('replaces the freeze that holds', async () => {
    await freeze({ reason, for: '2h' })
    await freeze({ reason: 'a longer story' })
    expect(parse(await ask(stage.port, `GET ${path}`, { token }))).toEqual({
      who: 'the admin',
      reason: 'a longer story',
      since: expect.any(String) as string,
    })
  })

  it('freezes a service that bears a name of ours, and one that is gone', async () => {
    for (const service of ['jobs', 'old']) {
      expect((await freeze({ reason }, adminToken, `/services/shop/${service}/freeze`)).status).toBe(200)
    }
  })

  it.each([
    ['no JSON', 'reason=x', 'expected object'],
    ['nothing', '', 'expected object'],
    ['no reason', {}, 'reason: expected a reason'],
    ['a reason of two lines', { reason: 'a\nb' }, 'reason: expected one line'],
    ['a time that has passed', { reason, until: '2020-01-01T00:00:00Z' }, 'until: expected a time to come'],
    ['a misspelt name', { reason, untill: '2020-01-01T00:00:00Z' }, 'untill'],
  ])('refuses %s, and freezes nothing', async (_, body, says) => {
    const answer = await freeze(body)
    expect(answer.status).toBe(400)
    expect(parse(answer)).toMatchObject({
      code: 'bad_request',
      detail: expect.stringContaining(says) as string,
    })
    expect((await ask(stage.port, `GET ${path}`, { token })).status).toBe(404)
  })

  it('freezes nothing that is not there', async () => {
    for (const where of [
      '/services/shop/helo/freeze',
      '/services/blog/hello/freeze',
      '/services/shop/%20/freeze',
    ]) {
      expect(await freeze({ reason }, adminToken, where)).toMatchObject({ status: 401 })
    }
    expect(await stage.worker.redis.keys('{redeployster}:freeze:*')).toEqual([])
  })
})

describe('who is not the admin', () => {
  it.each(['PUT', 'DELETE'])(
    'may not %s with the token of the service, and is told what to send',
    async (method) => {
      await freeze({ reason })
      const headers = { 'transfer-encoding': 'chunked' }
      const answer = await ask(stage.port, `${method} ${path}`, { token, headers, body: '{"reason":"x"}' })
      expect(answer.status).toBe(403)
      expect(parse(answer)).toMatchObject({
        code: 'admin_only',
        detail: expect.stringContaining(
          'Send the token that the API has as REDEPLOYSTER_ADMIN_TOKEN',
        ) as string,
      })
      expect(parse(await ask(stage.port, `GET ${path}`, { token }))).toMatchObject({ reason })
    },
  )

  it('is told to set an admin token where there is none', async () => {
    const api = await startApi(
      { redisUrl: stage.redis.url, secret, listen: '127.0.0.1', port: 0, startByMs: 600_000, limits },
      silent,
    )
    const answer = await ask(api.port, `PUT ${path}`, { token, body: JSON.stringify({ reason }) })
    expect(answer.status).toBe(403)
    expect(parse(answer).detail).toContain('set REDEPLOYSTER_ADMIN_TOKEN')
    await api.stop()
  })

  it.each(['GET', 'PUT', 'DELETE'])('learns nothing by %s from a wrong token', async (method) => {
    await freeze({ reason })
    const shown = async (asked: string, sent: string) => {
      const { requestId: _, ...rest } = parse(await ask(stage.port, asked, { token: sent }))
      return rest
    }
    const reference = await shown('POST /nobody', 'wrong')
    expect(reference).toMatchObject({ code: 'unauthorized' })
    expect(await shown(`${method} ${path}`, 'wrong')).toEqual(reference)
    expect(await shown(`${method} /services/shop/nobody/freeze`, 'wrong')).toEqual(reference)
    // A token of another service is a wrong one here.
    expect(await shown(`${method} /services/shop/nobody/freeze`, token)).toEqual(reference)
  })
})

describe('a frozen service', () => {
  it('is not deployed by any token: 423 with who, why and until, and nothing is queued', async () => {
    const held = parse(await freeze({ reason, by: 'anna', for: '2h' }))
    const before = await queued()
    for (const answer of [await deploy(), await deploy(adminToken, '?host=beta')]) {
      expect(answer).toMatchObject({ status: 423, headers: { 'content-type': 'application/problem+json' } })
      expect(parse(answer)).toMatchObject({
        title: 'Locked',
        code: 'service_frozen',
        detail:
          `shop/hello is frozen by anna until ${String(held.until)} (${reason}). Nothing was started. ` +
          'Deploy again then, or when the freeze is lifted.',
        freeze: held,
      })
    }
    expect(await queued()).toBe(before)
    expect(parse(await ask(stage.port, 'GET /jobs', { token }))).toMatchObject({ jobs: [] })
  })

  it('stays so until somebody lifts it, if there is no end', async () => {
    await freeze({ reason, by: 'anna' })
    expect(parse(await deploy()).detail).toContain('by anna until somebody lifts it')
  })

  it('is shown as such among the services, on every host', async () => {
    const held = parse(await freeze({ reason }))
    const { services } = parse(await ask(stage.port, 'GET /services', { token }))
    expect(services).toMatchObject([
      { service: 'hello', host: 'alpha', freeze: held },
      { service: 'hello', host: 'beta', freeze: held },
      { service: 'jobs' },
      { service: 'old' },
    ])
    expect((services as object[])[2]).not.toHaveProperty('freeze')
  })

  it('is nothing that a wrong token hears of', async () => {
    await freeze({ reason })
    expect((await deploy('wrong')).status).toBe(401)
  })
})

describe('DELETE /services/:project/:service/freeze', () => {
  it('lets the service be deployed again', async () => {
    await freeze({ reason })
    expect(await ask(stage.port, `DELETE ${path}`, { token: adminToken })).toMatchObject({
      status: 204,
      text: '',
    })
    const answer = await open(stage.port, 'POST /shop/hello?host=alpha', { token })
    expect(answer.status).toBe(200)
    await stage.worker.conclude(await stage.worker.take('shop/hello'), 0)
    await answer.end()
  })

  it.each([path, '/services/shop/nobody/freeze'])('is done where there is none: %s', async (where) => {
    expect((await ask(stage.port, `DELETE ${where}`, { token: adminToken })).status).toBe(204)
  })

  it('works while no worker is there', async () => {
    await freeze({ reason })
    const hosts = await stage.worker.redis.hgetall('{redeployster}:hosts')
    await stage.worker.redis.del('{redeployster}:hosts')
    expect((await ask(stage.port, `DELETE ${path}`, { token: adminToken })).status).toBe(204)
    expect((await ask(stage.port, `GET ${path}`, { token: adminToken })).status).toBe(404)
    await stage.worker.redis.hset('{redeployster}:hosts', hosts)
  })
})

it('GET of a service that is not frozen says so', async () => {
  const answer = await ask(stage.port, `GET ${path}`, { token })
  expect(answer.status).toBe(404)
  expect(parse(answer)).toMatchObject({
    code: 'not_frozen',
    detail: 'shop/hello is not frozen. It can be deployed.',
  })
})
