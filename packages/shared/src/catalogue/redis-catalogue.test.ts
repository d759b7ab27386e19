import * as fc from 'fast-check'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { keepGoneMs, type CatalogueEntry } from '../contract/catalogue-entry.ts'
import { hostId, type ServiceName } from '../contract/service.ts'
import { connectRedis, type Redis } from '../redis/connect.ts'
import { keys } from '../redis/keys.ts'
import { startRedis, type TestRedis } from '../testing/redis.ts'
import { keyOf } from '../testing/requests.ts'
import type { CataloguePublisher, CatalogueReader } from './catalogue.ts'
import { createCataloguePublisher, createCatalogueReader } from './redis-catalogue.ts'

const logger = pino({ level: 'silent' })

let server: TestRedis
let redis: Redis
let reader: CatalogueReader
let alpha: CataloguePublisher
let beta: CataloguePublisher
beforeAll(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'patient', logger)
  reader = createCatalogueReader(redis)
  alpha = createCataloguePublisher(redis, hostId.parse('ALPHA'))
  beta = createCataloguePublisher(redis, hostId.parse('BETA'))
})
beforeEach(() => redis.flushall())
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

describe('the catalogue', () => {
  it('has the services of all hosts', async () => {
    await publish(alpha, 'ALPHA', [entry('shop/hello'), entry('shop/cart'), entry('blog/hello')])
    await publish(beta, 'BETA', [entry('shop/hello', 'BETA')])
    expect(sorted((await reader.all()).entries)).toEqual(
      sorted([entry('shop/hello'), entry('shop/cart'), entry('blog/hello'), entry('shop/hello', 'BETA')]),
    )
  })

  it('finds all services of a name, in every project on every host', async () => {
    await publish(alpha, 'ALPHA', [entry('shop/hello'), entry('shop/cart'), entry('blog/hello')])
    await publish(beta, 'BETA', [entry('shop/hello', 'BETA')])
    const { entries } = await reader.find('hello' as ServiceName)
    expect(sorted(entries)).toEqual(
      sorted([entry('shop/hello'), entry('blog/hello'), entry('shop/hello', 'BETA')]),
    )
  })

  it('finds nothing by a name that is ours', async () => {
    await publish(alpha, 'ALPHA', [entry('shop/hello')])
    expect((await reader.find('@complete' as ServiceName).catch(() => ({ entries: [] }))).entries).toEqual([])
  })

  it('is replaced as a whole', async () => {
    await publish(alpha, 'ALPHA', [entry('shop/hello'), entry('shop/cart')])
    await publish(alpha, 'ALPHA', [entry('shop/cart')])
    expect((await reader.all()).entries).toEqual([entry('shop/cart')])
    expect(await alpha.published()).toEqual([entry('shop/cart')])
  })

  it('may be empty, which is not the same as not being there', async () => {
    await expect(reader.find('hello' as ServiceName)).rejects.toMatchObject({ code: 'catalogue_unavailable' })
    await expect(reader.all()).rejects.toMatchObject({ code: 'catalogue_unavailable' })
    await publish(alpha, 'ALPHA', [])
    expect(await reader.find('hello' as ServiceName)).toEqual({ entries: [], isComplete: true })
    expect(await reader.all()).toEqual({ entries: [], isComplete: true })
  })

  it('is complete when that of every host is', async () => {
    await publish(alpha, 'ALPHA', [entry('shop/hello')])
    await publish(beta, 'BETA', [], false)
    expect(await reader.find('hello' as ServiceName)).toEqual({
      entries: [entry('shop/hello')],
      isComplete: false,
    })
    expect((await reader.all()).isComplete).toBe(false)
    await publish(beta, 'BETA', [])
    expect((await reader.all()).isComplete).toBe(true)
  })

  it('is incomplete when a host that lives has not published anything yet', async () => {
    await alpha.heartbeat(info('ALPHA'))
    expect(await reader.all()).toEqual({ entries: [], isComplete: false })
  })

  it('forgets a host that has been silent for a day', async () => {
    await publish(alpha, 'ALPHA', [entry('shop/hello')])
    await publish(beta, 'BETA', [entry('shop/hello', 'BETA')])
    await beta.heartbeat(info('BETA', new Date(Date.now() - keepGoneMs)))
    expect((await reader.hosts()).map(({ name }) => name)).toEqual(['alpha'])
    expect((await reader.all()).entries).toEqual([entry('shop/hello')])
  })
})

describe('what cannot be read', () => {
  const text = fc
    .oneof(fc.string(), fc.json(), fc.constantFrom('[{}]', '{"id": 1}'))
    .filter((it) => it !== '[]')

  it('makes the catalogue incomplete, and takes nothing else out of it', async () => {
    const property = fc.asyncProperty(text, text, async (host, service) => {
      await redis.flushall()
      await publish(alpha, 'ALPHA', [entry('shop/hello'), entry('shop/cart')])
      await redis.hset(keys.hosts, 'BETA', host)
      expect(await reader.all()).toMatchObject({ isComplete: false, entries: { length: 2 } })
      await redis.hdel(keys.hosts, 'BETA')
      await redis.hset(keys.catalogue(hostId.parse('ALPHA')), 'cart', service)
      expect(await reader.all()).toEqual({ entries: [entry('shop/hello')], isComplete: false })
      expect(await reader.find('hello' as ServiceName)).toMatchObject({ isComplete: true })
      expect(await alpha.published()).toEqual([entry('shop/hello')])
    })
    await fc.assert(property, { numRuns: 100 })
  })

  it('is replaced by what the worker publishes next', async () => {
    await redis.set(keys.catalogue(hostId.parse('ALPHA')), 'x')
    expect(await alpha.published()).toEqual([])
    await publish(alpha, 'ALPHA', [entry('shop/hello')])
    expect(await reader.all()).toEqual({ entries: [entry('shop/hello')], isComplete: true })
  })

  it('keeps a heartbeat from being heard, which its worker is told', async () => {
    await redis.set(keys.hosts, 'x')
    await expect(alpha.heartbeat(info('ALPHA'))).rejects.toThrow('WRONGTYPE')
  })
})

describe('a heartbeat', () => {
  it('tells the worker whether Redis still holds its catalogue', async () => {
    expect(await alpha.heartbeat(info('ALPHA'))).toBe(false)
    await alpha.publish({ entries: [], isComplete: true })
    expect(await alpha.heartbeat(info('ALPHA'))).toBe(true)
    await redis.flushall()
    expect(await alpha.heartbeat(info('ALPHA'))).toBe(false)
  })

  it('says who lives, and since when nothing was heard', async () => {
    const said = info('ALPHA', new Date(Date.now() - 30_000))
    await alpha.heartbeat(said)
    expect(await reader.hosts()).toEqual([said])
  })
})

async function publish(
  publisher: CataloguePublisher,
  host: string,
  entries: readonly CatalogueEntry[],
  isComplete = true,
) {
  await publisher.publish({ entries, isComplete })
  await publisher.heartbeat(info(host))
}

function info(host: string, seenAt = new Date()) {
  return {
    id: hostId.parse(host),
    name: host.toLowerCase(),
    engine: '24',
    compose: '2.26',
    seenAt: seenAt.toISOString(),
  }
}

function entry(name: string, host = 'ALPHA'): CatalogueEntry {
  return {
    ...keyOf(name, host),
    state: 'deployable',
    digests: ['digest'],
    image: 'hello:1',
    health: 'healthy',
  }
}

function sorted(entries: readonly CatalogueEntry[]): string[] {
  return entries.map((it) => JSON.stringify(it)).sort()
}
