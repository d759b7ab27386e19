import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Freeze } from '../contract/freeze.ts'
import type { Redis } from '../redis/connect.ts'
import { keys } from '../redis/keys.ts'
import { openRedis, type OpenRedis } from '../testing/open-redis.ts'
import { keyOf } from '../testing/requests.ts'
import type { Freezes } from './freezes.ts'
import { createFreezes } from './redis-freezes.ts'

const hello = keyOf('shop/hello')
const endless: Freeze = { who: 'anna', reason: 'because', since: new Date().toISOString() }

let opened: OpenRedis
let redis: Redis
let freezes: Freezes
beforeAll(async () => {
  opened = await openRedis()
  redis = opened.connect()
  freezes = createFreezes(redis)
})
beforeEach(() => redis.flushall())
afterAll(() => opened.close())

describe('a freeze', () => {
  it('is found for its service on every host, and for no other', async () => {
    await freezes.put(hello, endless)
    expect(await freezes.find(keyOf('shop/hello', 'BETA'))).toEqual(endless)
    for (const other of ['shop/cart', 'blog/hello', 'shop/hello.2']) {
      expect(await freezes.find(keyOf(other))).toBeUndefined()
    }
  })

  it('holds until it is lifted', async () => {
    await freezes.put(hello, endless)
    expect(await redis.ttl(keys.freeze(hello))).toBe(-1)
    await freezes.lift(hello)
    expect(await freezes.find(hello)).toBeUndefined()
  })

  it('ends by itself', async () => {
    await freezes.put(hello, { ...endless, until: inMs(50) })
    await expect.poll(() => freezes.find(hello)).toBeUndefined()
  })

  it('is over at once when its time has passed', async () => {
    await freezes.put(hello, endless)
    await freezes.put(hello, { ...endless, until: inMs(-1000) })
    await expect.poll(() => freezes.find(hello)).toBeUndefined()
  })

  it.each([
    ['a later one', inMs(3_600_000), 3_600_000],
    ['one without an end', undefined, -1],
  ])('gives way to %s', async (_, until, expectedMs) => {
    await freezes.put(hello, { ...endless, until: inMs(60_000) })
    await freezes.put(hello, { ...endless, reason: 'another', ...(until && { until }) })
    expect(await freezes.find(hello)).toMatchObject({ reason: 'another' })
    // In minutes, since time passes meanwhile.
    expect(Math.ceil((await redis.pttl(keys.freeze(hello))) / 60_000)).toBe(Math.ceil(expectedMs / 60_000))
  })

  it('may be lifted where there is none', async () => {
    await freezes.lift(hello)
    expect(await freezes.find(hello)).toBeUndefined()
  })
})

function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString()
}
