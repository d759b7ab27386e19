import type { Redis } from 'ioredis'
import { z } from 'zod'
import {
  catalogueEntry,
  hostInfo,
  keepGoneMs,
  type CatalogueEntry,
  type HostInfo,
} from '../contract/catalogue-entry.ts'
import { RefusedError } from '../contract/errors.ts'
import type { HostId } from '../contract/service.ts'
import { keys } from '../redis/keys.ts'
import { isUnreadable, tryJson } from '../redis/unreadable.ts'
import type { CataloguePublisher, CatalogueReader, FoundEntries } from './catalogue.ts'

/** No service can have this name. It tells an empty catalogue from one that is lost, and whether it is complete. */
const completeField = '@complete'

const entries = z.array(catalogueEntry)

/** Nothing in place of entries that cannot be read. */
function parseEntries(json: string): readonly (CatalogueEntry | undefined)[] {
  return tryJson(entries, json) ?? [undefined]
}

const decoy = JSON.stringify([
  {
    host: 'ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ23-4567-ABCD-EFGH-IJKL-MNOP',
    project: 'project',
    service: 'service',
    state: 'deployable',
    digests: ['0'.repeat(64)],
    image: 'registry.example.com/project/service:latest',
    health: 'healthy',
  } satisfies Record<keyof Omit<CatalogueEntry, 'goneSince' | 'oidc'>, unknown>,
])

/** What is not there takes as long to read as what is: the time of a refusal must not tell which services exist. */
function readEntries(json: string | null): readonly (CatalogueEntry | undefined)[] {
  return json === null ? parseEntries(decoy).slice(1) : parseEntries(json)
}

export function createCatalogueReader(redis: Redis): CatalogueReader {
  /** Nothing in place of a host that cannot be read. */
  async function readHosts(): Promise<readonly (HostInfo | undefined)[]> {
    const all = await redis.hgetall(keys.hosts)
    return Object.values(all)
      .map((json) => tryJson(hostInfo, json))
      .filter((host) => host === undefined || Date.now() - Date.parse(host.seenAt) < keepGoneMs)
  }

  async function eachHost(read: (id: HostId) => Promise<HostWords>): Promise<FoundEntries> {
    const hosts = await readHosts()
    const known = hosts.filter(isThere)
    if (known.length === 0) throw unavailable()
    const found = await Promise.all(known.map(({ id }) => read(id)))
    const entries = found.flatMap(([, ...jsons]) => jsons.flatMap(readEntries))
    // What cannot be read may be what is asked for: that is not known, which is another answer than no.
    const isReadable = [...hosts, ...entries].every(isThere)
    return {
      entries: entries.filter(isThere),
      isComplete: isReadable && found.every(([complete]) => complete === 'yes'),
    }
  }

  return {
    hosts: async () => (await readHosts()).filter(isThere),
    find: (service) => eachHost((id) => redis.hmget(keys.catalogue(id), completeField, service)),
    all: () =>
      eachHost(async (id) => {
        const { [completeField]: complete, ...rest } = await redis.hgetall(keys.catalogue(id))
        return [complete ?? null, ...Object.values(rest)]
      }),
  }
}

/** The complete field's value, then the JSON of entries. */
type HostWords = readonly (string | null)[]

function isThere<Value>(value: Value | undefined): value is Value {
  return value !== undefined
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
    async publish({ entries: all, isComplete }) {
      const fields = new Map<string, CatalogueEntry[]>()
      for (const entry of all) fields.set(entry.service, [...(fields.get(entry.service) ?? []), entry])
      await redis
        .multi()
        .del(key)
        .hset(key, completeField, isComplete ? 'yes' : 'no', ...toWords(fields))
        .exec()
    },

    async published() {
      const { [completeField]: _, ...rest } = await redis.hgetall(key).catch(toNone)
      return Object.values(rest).flatMap(parseEntries).filter(isThere)
    },

    async heartbeat(info) {
      const answers = await redis
        .multi()
        .hset(keys.hosts, host, JSON.stringify(info))
        .hexists(key, completeField)
        .exec()
      const refused = answers?.[0]?.[0]
      if (refused) throw refused
      return answers?.[1]?.[1] === 1
    },
  }
}

/** The next catalogue replaces whatever stands there. */
function toNone(error: unknown): Record<string, string> {
  if (isUnreadable(error)) return {}
  throw error
}

function toWords(fields: ReadonlyMap<string, readonly CatalogueEntry[]>): string[] {
  return [...fields].flatMap(([service, found]) => [service, JSON.stringify(found)])
}
