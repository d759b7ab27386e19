import { afterAll, beforeAll, expect, it } from 'vitest'
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

let stage: Stage
let other: FakeWorker
beforeAll(async () => {
  stage = await setStage()
  other = createFakeWorker(stage.redis.url, beta, 'beta')
  await stage.worker.publish([
    entry('shop/hello', { tokens: ['of the shop', 'of all'] }),
    entry('blog/hello', { tokens: ['of the blog', 'of all'] }),
    entry('shop/cart', { tokens: ['of the cart'] }),
    entry('shop/old', { tokens: ['of the old'], state: 'gone', goneSince: '2026-01-01T00:00:00.000Z' }),
  ])
  await other.publish([entry('shop/cart', { tokens: ['of the cart'], host: beta })])
})
afterAll(async () => {
  other.stop()
  await stage.stop()
})

it.each([
  ['POST /hello', 'of the shop', 'shop/hello on host alpha'],
  ['POST /hello', 'of the blog', 'blog/hello on host alpha'],
  ['POST /blog/hello', 'of all', 'blog/hello on host alpha'],
  ['POST /shop/hello', adminToken, 'shop/hello on host alpha'],
  ['POST /cart?host=beta', 'of the cart', 'shop/cart on host beta'],
  ['POST /shop/cart?host=alpha', 'of the cart', 'shop/cart on host alpha'],
])('%s with the token %s deploys %s', async (asked, token, deployed) => {
  const answer = await open(stage.port, asked, { token })
  expect(await answer.until('\n')).toContain(` deploys ${deployed}`)
  answer.leave()
})

it.each([
  ['POST /hello', 'of all', 409, 'ambiguous_service'],
  ['POST /hello', adminToken, 409, 'ambiguous_service'],
  ['POST /cart', 'of the cart', 409, 'ambiguous_service'],
  ['POST /shop/cart', 'of the cart', 409, 'ambiguous_service'],
  ['POST /old', 'of the old', 410, 'service_gone'],
  ['POST /shop/old', adminToken, 410, 'service_gone'],
  ['POST /old', 'of the shop', 401, 'unauthorized'],
  ['POST /shop/hello', 'of the blog', 401, 'unauthorized'],
])('%s with the token %s is answered with %i %s', async (asked, token, status, code) => {
  const answer = await ask(stage.port, asked, { token })
  expect(answer.status).toBe(status)
  expect(parse(answer)).toMatchObject({ status, code })
})

it('answers 503 and never 401 while a worker still checks its services', async () => {
  await other.publish([], false)
  const unknown = await ask(stage.port, 'POST /new', { token: 'of the new' })
  expect(unknown).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  expect(parse(unknown)).toMatchObject({ code: 'catalogue_unavailable' })
})

it('deploys what is known already while a worker still checks the others', async () => {
  const answer = await open(stage.port, 'POST /hello', { token: 'of the shop' })
  expect(answer.status).toBe(200)
  answer.leave()
})
