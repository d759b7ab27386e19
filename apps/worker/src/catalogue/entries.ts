import { keepGoneMs, type CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import { qualifiedName, type HostId } from '@redeployster/shared/contract/service'
import { isSame } from '@redeployster/shared/contract/token'
import type { SeenService } from './services-from-containers.ts'

/** Who may deploy a service, as the catalogue says it. */
export type Access = Pick<CatalogueEntry, 'digests' | 'oidc'>

/** What a check said of a service: `unsure` when compose could not read its files. */
export type CheckOutcome =
  | ({ readonly kind: 'deployable' } & Access)
  | ({ readonly kind: 'unsure'; readonly reason: string } & Access)
  | { readonly kind: 'refused'; readonly reason: string }

export interface CheckedSeen {
  readonly seen: SeenService
  /** Nothing while the check is under way. */
  readonly outcome: CheckOutcome | undefined
}

/**
 * The catalogue from what is there now and what was published before. A service that vanished stays as `gone`; one
 * whose check is under way or could not be made stays as it was, if its tokens are the same.
 */
export function catalogueEntries(
  host: HostId,
  services: readonly CheckedSeen[],
  before: readonly CatalogueEntry[],
  now: Date,
): readonly CatalogueEntry[] {
  const known = new Map(before.map((entry) => [qualifiedName(entry), entry]))
  const deployable = services.flatMap(({ seen, outcome }) => {
    const { project, service, image, health } = seen
    const earlier = known.get(qualifiedName(seen))
    const access = accessToPublish(outcome, earlier)
    return access ? [{ host, project, service, state: 'deployable' as const, ...access, image, health }] : []
  })
  const present = new Set(deployable.map(qualifiedName))
  const gone = before.flatMap((entry) => {
    const goneSince = entry.goneSince ?? now.toISOString()
    if (present.has(qualifiedName(entry)) || now.getTime() - Date.parse(goneSince) > keepGoneMs) return []
    return [{ ...entry, state: 'gone' as const, goneSince }]
  })
  return [...deployable, ...gone]
}

function accessToPublish(
  outcome: CheckOutcome | undefined,
  earlier: CatalogueEntry | undefined,
): Access | undefined {
  if (outcome?.kind === 'deployable') return accessOf(outcome)
  if (outcome?.kind === 'refused' || earlier?.state !== 'deployable') return undefined
  const isUnchanged = outcome === undefined || isSame(outcome.digests.join(), earlier.digests.join())
  return isUnchanged ? accessOf(earlier) : undefined
}

/** The digest of a rule is among the others: where they are the same, so is the rule. */
function accessOf({ digests, oidc }: Access): Access {
  return { digests, ...(oidc && { oidc }) }
}
