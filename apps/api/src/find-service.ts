import type { CatalogueEntry, HostInfo } from '@redeployster/shared/contract/catalogue-entry'
import { RefusedError } from '@redeployster/shared/contract/errors'
import { serviceName, type ServiceName } from '@redeployster/shared/contract/service'
import { unauthorized, type Caller } from './authenticate.ts'
import { chooseService, hostNameOf } from './choose-service.ts'
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

interface FoundServices {
  readonly own: readonly [CatalogueEntry, ...CatalogueEntry[]]
  readonly hosts: readonly HostInfo[]
}

/** What is looked up in place of a name that cannot be one: every wrong request takes the same way. */
export const noService = '-' as ServiceName

/** The one service that the name and the token stand for, or a refusal. */
export async function findService(
  parts: Pick<Parts, 'catalogue'>,
  caller: Caller,
  wanted: Wanted,
): Promise<FoundService> {
  const { own, hosts } = await findOwn(parts, caller, wanted)
  const entry = chooseService(own, hosts)
  return { entry, hostName: hostNameOf(entry, hosts) }
}

/** All that the name and the token stand for, gone ones too; at least one. */
export async function findOwn(
  { catalogue }: Pick<Parts, 'catalogue'>,
  caller: Caller,
  { project, service, host }: Wanted,
): Promise<FoundServices> {
  const name = serviceName.safeParse(service)
  const [{ entries, isComplete }, hosts] = await Promise.all([
    catalogue.find(name.success ? name.data : noService),
    catalogue.hosts(),
  ])
  const named = entries.filter(
    (entry) =>
      name.success &&
      (project === undefined || entry.project === project) &&
      (host === undefined || hostNameOf(entry, hosts) === host),
  )
  const own = named.filter(({ digests }) => caller.mayDeploy(digests))
  if (named.length === 0) caller.mayDeploy([])
  const [first, ...others] = own
  if (first === undefined) throw isComplete ? unauthorized() : stillChecking()
  return { own: [first, ...others], hosts }
}

export function stillChecking(): RefusedError {
  return new RefusedError(
    'catalogue_unavailable',
    'A worker is still checking the services of its host. Try again in a few seconds.',
  )
}
