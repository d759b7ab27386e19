import { prefix } from '@redeployster/shared/redis/keys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { limits, setStage, startTestApi, type Stage } from './testing/api.ts'
import { ask, open, parse, type Asked } from './testing/http.ts'

const token = 'dolphin'
const most = 3

let stage: Stage
let other: Awaited<ReturnType<typeof startTestApi>>
beforeEach(async () => {
  stage = await setStage({ limits: { ...limits, failedAuths: most } })
  other = await startTestApi(stage.redis, { limits: { ...limits, failedAuths: most } })
})
afterEach(async () => {
  await other.stop()
  await stage.stop()
})

const wrong: Asked = { token: 'wrong' }
const from = (address: string, sent = 'wrong'): Asked => ({
  token: sent,
  headers: { 'x-forwarded-for': address },
})

async function statuses(count: number, asked = 'POST /hello', options: Asked = wrong, port = stage.port) {
  const all: number[] = []
  for (let number = 0; number < count; number++) all.push((await ask(port, asked, options)).status)
  return all
}

describe('an address that fails to authenticate too often in a minute', () => {
  it('is answered with 429, and told when to come back', async () => {
    expect(await statuses(most + 1)).toEqual([401, 401, 401, 429])
    const answer = await ask(stage.port, 'POST /hello', wrong)
    expect(answer).toMatchObject({ status: 429, headers: { 'content-type': 'application/problem+json' } })
    expect(parse(answer)).toMatchObject({ code: 'too_many_failures', status: 429 })
    const seconds = Number(answer.headers['retry-after'])
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(60)
  })

  it('is served at once when its token is right', async () => {
    await statuses(most + 1)
    const answer = await open(stage.port, 'POST /hello', { token })
    expect(answer.status).toBe(200)
    await stage.worker.conclude(await stage.worker.take('shop/hello'), 0)
    expect((await answer.end()).trailers).toEqual({ 'exit-code': '0' })
    expect(await statuses(1)).toEqual([429])
  })

  it('gets the same answer whatever was wrong', async () => {
    await statuses(most + 1)
    const shown = async (asked: string, options: Asked = wrong) => {
      const { requestId: _, ...rest } = parse(await ask(stage.port, asked, options))
      return rest
    }
    const reference = await shown('POST /hello')
    for (const asked of [
      'POST /nobody',
      'POST /../hello',
      'GET /jobs',
      'GET /services',
      'GET /jobs/no-id/log',
    ])
      expect(await shown(asked)).toEqual(reference)
    expect(await shown('POST /hello', {})).toEqual(reference)
  })

  it('is known to all APIs on one Redis', async () => {
    expect(await statuses(2)).toEqual([401, 401])
    expect(await statuses(2, 'GET /jobs', wrong, other.port)).toEqual([401, 429])
    expect(await statuses(1)).toEqual([429])
  })

  it('may come again when its minute is over', async () => {
    await statuses(most)
    await stage.worker.redis.pexpire(`${prefix}:failed-auths:127.0.0.1`, 1)
    await expect.poll(() => stage.worker.redis.exists(`${prefix}:failed-auths:127.0.0.1`)).toBe(0)
    expect(await statuses(most + 1)).toEqual([401, 401, 401, 429])
  })

  it('is alone with that: other addresses behind the same proxy are not', async () => {
    expect(await statuses(most + 1, 'POST /hello', from('198.51.100.1'))).toEqual([401, 401, 401, 429])
    expect(await statuses(1, 'POST /hello', from('198.51.100.2'))).toEqual([401])
  })

  it('is the address of the connection when no proxy is trusted', async () => {
    const direct = await startTestApi(stage.redis, {
      limits: { ...limits, failedAuths: most, trustProxy: ['none'] },
    })
    const all: number[] = []
    for (let number = 0; number <= most; number++)
      all.push(...(await statuses(1, 'POST /hello', from(`198.51.100.${number}`), direct.port)))
    expect(all).toEqual([401, 401, 401, 429])
    await direct.stop()
  })
})

describe('the count', () => {
  it('takes no notice of requests that are in order, or wrong in another way', async () => {
    const answers = [
      await ask(stage.port, 'GET /services', { token }),
      await ask(stage.port, 'GET /jobs?limit=nonsense', { token }),
      await ask(stage.port, 'GET /hello'),
      await ask(stage.port, 'POST /a/b/c'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 405, 404])
    expect(await stage.worker.redis.keys(`${prefix}:failed-auths:*`)).toEqual([])
  })

  it('forgets an address after a minute', async () => {
    await statuses(1, 'POST /hello', from('2001:db8::1'))
    const [key = '', ...more] = await stage.worker.redis.keys(`${prefix}:failed-auths:*`)
    expect([key, more]).toEqual([`${prefix}:failed-auths:2001:db8:0:0::/64`, []])
    expect(await stage.worker.redis.ttl(key)).toBeGreaterThan(0)
  })

  it('is kept by each API for itself while Redis cannot keep it, and no answer is a 500', async () => {
    // Redis answers what is read, and refuses what is written.
    await stage.worker.redis.config('SET', 'min-replicas-to-write', '1')
    expect(await statuses(most + 1)).toEqual([401, 401, 401, 429])
    expect(await statuses(1, 'GET /jobs', wrong, other.port)).toEqual([401])
  })
})
