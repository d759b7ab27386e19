import type { CatalogueEntry, HostInfo } from '@redeployster/shared/contract/catalogue-entry'
import { RefusedError } from '@redeployster/shared/contract/errors'
import { qualifiedName, serviceName, type ServiceName } from '@redeployster/shared/contract/service'
import { unauthorized, type Caller } from './authenticate.ts'
import type { Parts } from './parts.ts'

/** How a caller names a service; the host by its display name. */
export interface Wanted {
  readonly service: string
  readonly project?: string | undefined
  readonly host?: string | undefined
}

export interface FoundService {
  readonly entry: CatalogueEntry
  readonly hostName: string
}

/** No container can have it, since compose names start with a letter or a digit: a look-up like any other. */
const nobody = '-' as ServiceName

/** The one service that the name and the token stand for, or a refusal. */
export async function findService(
  { catalogue }: Parts,
  caller: Caller,
  wanted: Wanted,
): Promise<FoundService> {
  const name = serviceName.safeParse(wanted.service)
  const [{ entries, isComplete }, hosts] = await Promise.all([
    catalogue.find(name.success ? name.data : nobody),
    catalogue.hosts(),
  ])
  const named = name.success ? entries.filter((entry) => isWanted(entry, wanted, hosts)) : []
  const mine = named
    .map((entry) => caller.mayDeploy(entry.digests) && entry)
    .filter((entry) => entry !== false)
  if (named.length === 0) caller.mayDeploy([])
  if (mine.length === 0) throw isComplete ? unauthorized() : stillChecking()
  const entry = chooseService(mine, hosts)
  return { entry, hostName: hostNameOf(entry, hosts) }
}

function isWanted(entry: CatalogueEntry, { project, host }: Wanted, hosts: readonly HostInfo[]): boolean {
  if (project !== undefined && entry.project !== project) return false
  return host === undefined || hostNameOf(entry, hosts) === host
}

export function hostNameOf({ host }: Pick<CatalogueEntry, 'host'>, hosts: readonly HostInfo[]): string {
  return hosts.find(({ id }) => id === host)?.name ?? host
}

/** What is there goes before what is gone. */
function chooseService(mine: readonly CatalogueEntry[], hosts: readonly HostInfo[]): CatalogueEntry {
  const [live, ...others] = mine.filter(({ state }) => state === 'deployable')
  if (live === undefined) throw gone(mine)
  if (others.length > 0) throw ambiguous([live, ...others], hosts)
  return live
}

function gone([entry]: readonly CatalogueEntry[]) {
  const name = entry ? qualifiedName(entry) : 'The service'
  return new RefusedError(
    'service_gone',
    `${name} has no container with a token any more${entry?.goneSince ? ` (since ${entry.goneSince})` : ''}. ` +
      'Nothing was started. Start it once on its host with "docker compose up -d", then deploy again.',
  )
}

function ambiguous(live: readonly CatalogueEntry[], hosts: readonly HostInfo[]) {
  const projects = new Set(live.map(qualifiedName))
  const ways = live.map(
    (entry) => `/${qualifiedName(entry)}?host=${encodeURIComponent(hostNameOf(entry, hosts))}`,
  )
  const choices = projects.size === live.length ? [...projects].map((name) => `/${name}`) : ways
  return new RefusedError(
    'ambiguous_service',
    `This token deploys ${live.length} services of that name. Say which one: POST ${choices.join(' or ')}.`,
  )
}

export function stillChecking(): RefusedError {
  return new RefusedError(
    'catalogue_unavailable',
    'A worker is still checking the services of its host. Try again in a few seconds.',
  )
}
