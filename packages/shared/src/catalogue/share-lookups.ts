import type { CatalogueReader, FoundEntries } from './catalogue.ts'

/**
 * Whoever asks for what is being looked up gets the same answer: in a rush of requests for one service Redis is asked
 * once in a round trip. Nothing is remembered beyond that, so a token that was changed opens nothing any more.
 */
export function shareLookups(reader: CatalogueReader): CatalogueReader {
  const found = new Map<string, Promise<FoundEntries>>()
  const hosts = new Map<'hosts', ReturnType<CatalogueReader['hosts']>>()
  return {
    hosts: () => share(hosts, 'hosts', () => reader.hosts()),
    find: (service) => share(found, service, () => reader.find(service)),
    all: () => reader.all(),
  }
}

function share<Key, Value>(
  open: Map<Key, Promise<Value>>,
  key: Key,
  look: () => Promise<Value>,
): Promise<Value> {
  const other = open.get(key)
  if (other) return other
  const own = look().finally(() => open.delete(key))
  open.set(key, own)
  return own
}
