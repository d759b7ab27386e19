import type { Redis } from 'ioredis'
import { z } from 'zod'
import { catalogueEntry, hostInfo, keepGoneMs, type CatalogueEntry } from '../contract/catalogue-entry.ts'
import { RefusedError } from '../contract/errors.ts'
import type { HostId } from '../contract/service.ts'
import { keys } from '../redis/keys.ts'
import type { CataloguePublisher, CatalogueReader } from './catalogue.ts'

/** No service can have this name, so it tells an empty catalogue from one that is not there. */
const publishedField = '@published'

const entries = z.array(catalogueEntry)

function parseEntries(json: string): CatalogueEntry[] {
  return entries.parse(JSON.parse(json))
}

export function createCatalogueReader(redis: Redis): CatalogueReader {
  async function hosts() {
    const all = await redis.hgetall(keys.hosts)
    return Object.values(all)
      .map((json) => hostInfo.parse(JSON.parse(json)))
      .filter(({ seenAt }) => Date.now() - Date.parse(seenAt) < keepGoneMs)
  }

  async function eachHost(read: (id: HostId) => Promise<readonly (string | null)[]>) {
    const known = await hosts()
    if (known.length === 0) throw unavailable()
    const found = await Promise.all(
      known.map(async ({ id }) => {
        const [published, ...jsons] = await read(id)
        if (!published) throw unavailable()
        return jsons.flatMap((json) => (json ? parseEntries(json) : []))
      }),
    )
    return found.flat()
  }

  return {
    hosts,
    find: (service) => eachHost((id) => redis.hmget(keys.catalogue(id), publishedField, service)),
    all: () =>
      eachHost(async (id) => {
        const { [publishedField]: published, ...rest } = await redis.hgetall(keys.catalogue(id))
        return [published ?? null, ...Object.values(rest)]
      }),
  }
}

function unavailable() {
  return new RefusedError(
    'catalogue_unavailable',
    'No worker has published the services of its host yet. Start a worker, or try again in a few seconds.',
  )
}

export function createCataloguePublisher(redis: Redis, host: HostId): CataloguePublisher {
  const key = keys.catalogue(host)
  return {
    async publish(all) {
      const fields = new Map<string, CatalogueEntry[]>()
      for (const entry of all) fields.set(entry.service, [...(fields.get(entry.service) ?? []), entry])
      await redis
        .multi()
        .del(key)
        .hset(key, publishedField, new Date().toISOString(), ...toWords(fields))
        .exec()
    },

    async published() {
      const { [publishedField]: _, ...rest } = await redis.hgetall(key)
      return Object.values(rest).flatMap(parseEntries)
    },

    async heartbeat(info) {
      const answers = await redis
        .multi()
        .hset(keys.hosts, host, JSON.stringify(info))
        .hexists(key, publishedField)
        .exec()
      return answers?.[1]?.[1] === 1
    },
  }
}

function toWords(fields: ReadonlyMap<string, readonly CatalogueEntry[]>): string[] {
  return [...fields].flatMap(([service, found]) => [service, JSON.stringify(found)])
}
