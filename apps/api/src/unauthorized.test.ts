import { keys } from '@redeployster/shared/redis/keys'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminToken, entry, setStage, type Stage } from './testing/api.ts'
import { ask, open, parse, type Answer } from './testing/http.ts'

const token = 'dolphin'

let stage: Stage
let foreignJob: string
let reference: object
beforeAll(async () => {
  stage = await setStage()
  await stage.worker.publish([entry('shop/hello'), entry('blog/web', { tokens: ['of the blog'] })])
  const answer = await open(stage.port, 'POST /blog/web', { token: 'of the blog' })
  const job = await stage.worker.take('blog/web')
  await stage.worker.conclude(job, 0)
  await answer.end()
  foreignJob = job.id
  reference = shown(await ask(stage.port, 'POST /hello', { token: 'wrong' }))
})
afterAll(() => stage.stop())

it('answers 401 and says how to send a token, as a problem with a code', async () => {
  const answer = await ask(stage.port, 'POST /hello', { token: 'wrong' })
  expect(answer).toMatchObject({
    status: 401,
    headers: { 'www-authenticate': 'Bearer', 'content-type': 'application/problem+json' },
  })
  expect(parse(answer)).toMatchObject({
    type: 'about:blank',
    title: 'Unauthorized',
    status: 401,
    detail: expect.stringMatching(/^unknown service or wrong token/) as string,
    code: 'unauthorized',
    requestId: answer.headers['x-request-id'],
  })
})

describe('gives the same answer to', () => {
  it.each([
    ['no token', {}],
    ['no token after the scheme', { authorization: 'Bearer' }],
    ['blanks for a token', { authorization: 'Bearer   ' }],
    ['another scheme', { authorization: 'Basic ZG9scGhpbg==' }],
    ['the bare token', { authorization: 'dolphin' }],
    ['two schemes', { authorization: 'Bearer Bearer dolphin' }],
    ['a part of the token', { authorization: 'Bearer dolphi' }],
    ['the token and more', { authorization: 'Bearer dolphin dolphin' }],
    ['the token in other letters', { authorization: 'Bearer Dolphin' }],
    ['a token of 8 KiB', { authorization: `Bearer ${'x'.repeat(8192)}` }],
    ['bytes that are no text', { authorization: 'Bearer \u00ff\u00fe' }],
    ['a cookie', { cookie: 'token=dolphin' }],
    ['the token of another service', { authorization: 'Bearer of the blog' }],
  ])('%s', async (_, headers) => {
    expect(shown(await ask(stage.port, 'POST /hello', { headers }))).toEqual(reference)
  })

  it.each([
    'POST /nobody',
    'POST /shop/nobody',
    'POST /nobody/hello',
    'POST /SHOP/hello',
    'POST /Hello',
    'POST /--help',
    'POST /-d',
    'POST /hello%20x',
    'POST /..%2fhello',
    'POST /%2e%2e%2fhello',
    'POST /shop%2fhello',
    'POST /%00',
    'POST /hello%00',
    'POST /hello%0a',
    'POST /%0ahello',
    'POST /hello%0d%0aX-Injected:%20yes',
    'POST /%zz',
    'POST /%ff',
    'POST /%E2%80%AEhello',
    'POST /hello;ls',
    'POST /$(id)',
    'POST /..%2f/hello',
    'POST /shop/%2e%2e%2fhello',
    'POST /../hello',
    'POST /./hello',
    'POST /%2e%2E/hello',
    'POST /nobody/.%2e/hello',
    'POST /hello/..',
    'POST /hello/.',
    'POST /shop/--help',
    `POST /${'x'.repeat(129)}`,
    `POST /${'x'.repeat(4000)}`,
    'POST /@complete',
    'POST /hello?host=nowhere',
    'POST /hello?token=dolphin&host=nowhere',
  ])('%s with a token of another service', async (asked) => {
    expect(shown(await ask(stage.port, asked, { token }))).toEqual(reference)
  })

  it.each([
    'GET /jobs/019ab000-0000-7000-8000-000000000000',
    'GET /jobs/no-id',
    'GET /jobs/..%2f..%2fhello',
    'GET /jobs/%00',
    'GET /jobs/no-id/log',
    'GET /jobs/no-id/log?from=nonsense',
  ])('%s, a job that is not there', async (asked) => {
    expect(shown(await ask(stage.port, asked, { token }))).toEqual(reference)
  })

  it.each(['', '/log', '/log?follow'])(
    'GET /jobs/:id%s, a job of a service with another token',
    async (rest) => {
      expect(shown(await ask(stage.port, `GET /jobs/${foreignJob}${rest}`, { token }))).toEqual(reference)
    },
  )

  it.each(['GET /jobs', 'GET /jobs?limit=nonsense', 'GET /services'])(
    '%s with a token of no service',
    async (asked) => {
      expect(shown(await ask(stage.port, asked, { token: 'wrong' }))).toEqual(reference)
    },
  )

  it('an unknown service with the admin token', async () => {
    expect(shown(await ask(stage.port, 'POST /nobody', { token: adminToken }))).toEqual(reference)
  })
})

it('accepts the scheme in any letters', async () => {
  const answer = await open(stage.port, 'POST /hello', { headers: { authorization: 'bEARER  dolphin ' } })
  expect(answer.status).toBe(200)
  await stage.worker.conclude(await stage.worker.take('shop/hello'), 0)
  await answer.end()
})

it('puts nothing on a queue and nothing into the history for a wrong request', async () => {
  const known = await stage.worker.redis.zcard(keys.history)
  await ask(stage.port, 'POST /hello', { token: 'wrong' })
  await ask(stage.port, 'POST /nobody', { token })
  expect(await stage.worker.redis.zcard(keys.history)).toBe(known)
  expect(await stage.worker.redis.keys('*nobody*')).toEqual([])
})

/** All that a client can see, but for the request's own id and the clock. */
function shown({ status, headers, text }: Answer): object {
  const { 'x-request-id': requestId, date: _, ...others } = headers
  return { status, headers: others, text: text.replaceAll(String(requestId), 'ID') }
}
