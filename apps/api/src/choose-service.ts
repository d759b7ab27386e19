import type { CatalogueEntry, HostInfo } from '@redeployster/shared/contract/catalogue-entry'
import { RefusedError } from '@redeployster/shared/contract/errors'
import { qualifiedName } from '@redeployster/shared/contract/service'

/** Of the services of one name that a token opens, the one to deploy: what is there goes before what is gone. */
export function chooseService(own: readonly CatalogueEntry[], hosts: readonly HostInfo[]): CatalogueEntry {
  const [live, ...others] = withoutFormerHosts(
    own.filter(({ state }) => state === 'deployable'),
    hosts,
  )
  if (live === undefined) throw gone(own)
  if (others.length > 0) throw ambiguous([live, ...others], hosts)
  return live
}

export function hostNameOf({ host }: Pick<CatalogueEntry, 'host'>, hosts: readonly HostInfo[]): string {
  return hosts.find(({ id }) => id === host)?.name ?? host
}

/** Two hosts of one name are one machine whose engine was made anew; the one heard of last is the real one. */
function withoutFormerHosts(
  live: readonly CatalogueEntry[],
  hosts: readonly HostInfo[],
): readonly CatalogueEntry[] {
  const seenAt = ({ host }: CatalogueEntry) => hosts.find(({ id }) => id === host)?.seenAt ?? ''
  const latest = new Map<string, CatalogueEntry>()
  for (const entry of live) {
    const place = placeOf(entry, hosts)
    const other = latest.get(place)
    if (!other || seenAt(other) < seenAt(entry)) latest.set(place, entry)
  }
  return [...latest.values()]
}

function placeOf(entry: CatalogueEntry, hosts: readonly HostInfo[]): string {
  return `/${qualifiedName(entry)}?host=${encodeURIComponent(hostNameOf(entry, hosts))}`
}

function gone(own: readonly CatalogueEntry[]) {
  const names = new Set(own.map(qualifiedName))
  const since = own
    .map(({ goneSince }) => goneSince ?? '')
    .sort()
    .at(-1)
  return new RefusedError(
    'service_gone',
    `${[...names].join(', ')} cannot be deployed any more${since ? ` since ${since}` : ''}, and nothing was started: ` +
      'its container is gone, or its labels or its compose file have changed. Start it on its host with ' +
      '"docker compose up -d" once; if that does not help, the log of the worker says why.',
  )
}

function ambiguous(live: readonly CatalogueEntry[], hosts: readonly HostInfo[]) {
  const names = new Set(live.map((entry) => `/${qualifiedName(entry)}`))
  const ways = names.size === live.length ? [...names] : live.map((entry) => placeOf(entry, hosts))
  return new RefusedError(
    'ambiguous_service',
    `This token opens ${live.length} services of that name. Say which one: POST ${ways.join(' or POST ')}.`,
  )
}
