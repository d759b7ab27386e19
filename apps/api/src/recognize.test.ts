import type { PublishedRule } from '@redeployster/shared/contract/oidc-rule'
import { openJwt } from '@redeployster/shared/contract/sealed-jwt'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { newKey, publicUrl, startIssuer, type TestIssuer } from '@redeployster/shared/testing/issuer'
import { dumpRedis } from '@redeployster/shared/testing/redis-dump'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFakeWorker, entry, secret, startTestApi, type FakeWorker } from './testing/api.ts'
import { ask, open, parse, type Answer } from './testing/http.ts'

let issuer: TestIssuer
let stranger: TestIssuer
let redis: TestRedis
let worker: FakeWorker
let api: Awaited<ReturnType<typeof startTestApi>>
let logged: string
let port: number

beforeEach(async () => {
  ;[issuer, stranger, redis] = await Promise.all([startIssuer(), startIssuer(), startRedis()])
  worker = createFakeWorker(redis.url)
  logged = ''
  const logger = createLogger('debug', false, { write: (line) => void (logged += line) })
  api = await startTestApi(redis, {}, logger)
  port = api.port
  await worker.publish([
    entry('shop/hello', { tokens: [], oidc: rule(['repository', 'acme/shop'], ['ref', 'refs/heads/main']) }),
    entry('shop/both', { tokens: ['dolphin'], oidc: rule(['repository', 'acme/shop']) }),
    entry('blog/web', { tokens: ['of the blog'], oidc: rule(['repository', 'acme/blog']) }),
    entry('blog/old', { tokens: ['of the old one'] }),
  ])
})
afterEach(async () => {
  await api.stop()
  worker.stop()
  await Promise.all([redis.stop(), issuer.stop(), stranger.stop()])
})

function rule(...claims: [string, string][]): PublishedRule {
  return { issuer: issuer.url, audience: publicUrl, claims }
}

async function deployed(token: string, name = 'shop/hello') {
  const answer = await open(port, `POST /${name}`, { token })
  const job = await worker.take(name)
  await worker.conclude(job, 0)
  return { job, ...(await answer.end()) }
}

const refusal = async () => told(await ask(port, 'POST /nobody', { token: 'wrong' }))

function told({ status, text, headers }: Answer) {
  const { date: _, 'x-request-id': __, 'content-length': ___, ...rest } = headers
  return { status, text: text.replace(/"requestId":"[^"]*"/, ''), headers: rest }
}

describe('an identity token', () => {
  it('deploys a service whose rule it fulfils, with nothing else', async () => {
    expect(await deployed(await issuer.token())).toMatchObject({
      status: 200,
      trailers: { 'exit-code': '0' },
    })
  })

  it('says who deploys: in the first line, and in the job', async () => {
    const token = await issuer.token()
    const { job, text } = await deployed(token)
    expect(text).toMatch(
      /^redeployster: job \S+ deploys shop\/hello on host alpha for acme\/shop refs\/heads\/main, run 4711, octocat\n/,
    )
    expect(parse(await ask(port, `GET /jobs/${job.id}`, { token }))).toMatchObject({
      by: {
        issuer: issuer.url,
        repository: 'acme/shop',
        ref: 'refs/heads/main',
        run: '4711',
        actor: 'octocat',
      },
    })
  })

  it('says so at once with ?async, and shows neither itself nor its seal', async () => {
    const token = await issuer.token()
    const answer = await ask(port, 'POST /hello?async', { token })
    expect(parse(answer)).toMatchObject({ state: 'queued', by: { repository: 'acme/shop' } })
    expect(answer.text).not.toMatch(/proof|jwt|tokenDigest/)
  })

  it('travels to the worker sealed, and stands nowhere else: not in Redis, not in the log', async () => {
    const token = await issuer.token()
    const answer = await open(port, 'POST /hello', { token })
    const dump = await dumpRedis(redis.url)
    const job = await worker.take('shop/hello')
    expect(openJwt(secret, job)).toBe(token)
    for (const part of [token, ...token.split('.')]) {
      expect(dump).not.toContain(part)
      expect(logged).not.toContain(part)
    }
    await worker.conclude(job, 0)
    await answer.end()
  })

  it('may list, read and cancel the jobs of these services, and no others', async () => {
    const token = await issuer.token()
    const { job } = await deployed(token)
    await ask(port, 'POST /blog/web?async', { token: 'of the blog' })
    const foreign = await worker.take('blog/web')
    expect(namesIn(await ask(port, 'GET /services', { token }), 'services')).toEqual(['both', 'hello'])
    expect(namesIn(await ask(port, 'GET /jobs', { token }), 'jobs')).toEqual(['hello'])
    expect(await ask(port, `GET /jobs/${job.id}/log`, { token })).toMatchObject({ status: 200 })
    expect(await ask(port, `DELETE /jobs/${job.id}`, { token })).toMatchObject({ status: 409 })
    expect(told(await ask(port, `GET /jobs/${foreign.id}`, { token }))).toEqual(await refusal())
    expect(told(await ask(port, `DELETE /jobs/${foreign.id}`, { token }))).toEqual(await refusal())
  })

  it('may read of a job for an hour after it has expired, since its pipeline has no other, but not deploy or cancel', async () => {
    const { job } = await deployed(await issuer.token())
    const late = await issuer.token(lifetime(-4000, -3500))
    expect(await ask(port, `GET /jobs/${job.id}`, { token: late })).toMatchObject({ status: 200 })
    expect(told(await ask(port, `DELETE /jobs/${job.id}`, { token: late }))).toEqual(await refusal())
    expect(told(await ask(port, 'POST /hello', { token: late }))).toEqual(await refusal())
    const tooLate = await issuer.token(lifetime(-9000, -3700))
    expect(told(await ask(port, `GET /jobs/${job.id}`, { token: tooLate }))).toEqual(await refusal())
  })

  it('shares the next job with other runs that fulfil the same rule', async () => {
    const first = await open(port, 'POST /hello', { token: await issuer.token() })
    const second = await open(port, 'POST /hello', { token: await issuer.token({ run_id: '4712' }) })
    const job = await worker.take('shop/hello')
    await worker.conclude(job, 0)
    expect(job.by).toMatchObject({ run: '4711' })
    expect((await second.end()).headers['job-id']).toBe((await first.end()).headers['job-id'])
  })

  it('has one deploy for one Idempotency-Key, also when the pipeline gets itself a new token', async () => {
    const headers = { 'Idempotency-Key': 'run-4711' }
    const first = await ask(port, 'POST /hello?async', { token: await issuer.token(), headers })
    await worker.take('shop/hello')
    const again = await ask(port, 'POST /hello?async', { token: await issuer.token({ jti: '2' }), headers })
    expect(again.headers['job-id']).toBe(first.headers['job-id'])
  })

  it('is answered 410 by a service that is gone', async () => {
    const oidc = rule(['repository', 'acme/shop'])
    await worker.publish([
      entry('shop/hello', { tokens: [], oidc, state: 'gone', goneSince: '2024-01-01T00:00:00Z' }),
    ])
    expect(await ask(port, 'POST /hello', { token: await issuer.token() })).toMatchObject({ status: 410 })
  })
})

describe('is a wrong token', () => {
  it.each<[string, Record<string, unknown>]>([
    ['of another repository', { repository: 'evil/shop' }],
    ['of another branch', { ref: 'refs/heads/next' }],
    ['that does not name its branch', { ref: undefined }],
    ['for another address', { aud: 'https://other.example.com' }],
    ['that has expired', lifetime(-600, -300)],
    ['that does not count yet', lifetime(300, 600)],
  ])('one %s', async (_, claims) => {
    expect(told(await ask(port, 'POST /hello', { token: await issuer.token(claims) }))).toEqual(
      await refusal(),
    )
  })

  it('one by a foreign key, and one without a signature', async () => {
    const forged = await issuer.token({}, { with: await newKey('first') })
    const [, payload] = (await issuer.token()).split('.')
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
    for (const token of [forged, unsigned]) {
      expect(told(await ask(port, 'POST /hello', { token }))).toEqual(await refusal())
    }
  })

  it('one of an issuer that no label names: nothing is fetched from where it says', async () => {
    expect(told(await ask(port, 'POST /hello', { token: await stranger.token() }))).toEqual(await refusal())
    expect(told(await ask(port, 'GET /jobs', { token: await stranger.token() }))).toEqual(await refusal())
    expect(stranger.asked).toEqual([])
    expect(issuer.asked).toEqual([])
  })

  it('one for a service that has only a token', async () => {
    expect(told(await ask(port, 'POST /old', { token: await issuer.token() }))).toEqual(await refusal())
  })

  it('the rule itself, which everybody may know', async () => {
    const { issuer: of, audience, claims } = rule(['repository', 'acme/shop'], ['ref', 'refs/heads/main'])
    const token = `oidc\\n${JSON.stringify([of, audience, claims])}`
    expect(told(await ask(port, 'POST /hello', { token }))).toEqual(await refusal())
  })
})

it('leaves the token of a service as it was, beside a rule', async () => {
  expect(await deployed('dolphin', 'shop/both')).toMatchObject({ status: 200 })
})

it('takes a token that only looks like one for what it is', async () => {
  const token = 'a.b.c'
  await worker.publish([entry('shop/hello', { tokens: [token], oidc: rule(['repository', 'acme/shop']) })])
  expect(await deployed(token)).toMatchObject({ status: 200 })
})

describe('while the issuer is away', () => {
  const away = { status: 503, headers: { 'retry-after': '5' } }

  it('answers 503, since nobody knows whether the token is right, and starts nothing', async () => {
    const token = await issuer.token()
    issuer.answer = (_, response) => void response.writeHead(500).end()
    const answer = await ask(port, 'POST /hello', { token })
    expect(answer).toMatchObject(away)
    expect(parse(answer)).toMatchObject({ code: 'issuer_unavailable' })
    expect(parse(answer).detail).toMatch(/Nothing was started: try again/)
    await expect(worker.fetch('shop/hello')).rejects.toThrow('No job')
    expect(logged).toContain('Cannot verify an identity token')
  })

  it('goes on with the keys that it has', async () => {
    await deployed(await issuer.token())
    issuer.answer = (_, response) => void response.destroy()
    expect(await deployed(await issuer.token())).toMatchObject({ status: 200 })
  })

  it('answers 401 to a stranger all the same', async () => {
    issuer.answer = (_, response) => void response.destroy()
    expect(told(await ask(port, 'POST /hello', { token: await stranger.token() }))).toEqual(await refusal())
  })
})

function lifetime(from: number, to: number) {
  const now = Math.floor(Date.now() / 1000)
  return { iat: now + from, nbf: now + from, exp: now + to }
}

function namesIn(answer: Answer, list: string): readonly string[] {
  return (parse(answer)[list] as { service: string }[]).map(({ service }) => service)
}
