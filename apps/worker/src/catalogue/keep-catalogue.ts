import type { CataloguePublisher } from '@redeployster/shared/catalogue/catalogue'
import type { CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import { qualifiedName, type HostId } from '@redeployster/shared/contract/service'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { setTimeout as delay } from 'node:timers/promises'
import type { ObservedDocker } from './docker.ts'
import { eachAtOnce } from './each-at-once.ts'
import { catalogueEntries, type CheckedSeen, type CheckOutcome } from './entries.ts'
import { followEngine, type Look } from './follow-engine.ts'
import { hasWeakToken, isLabelled } from './service-settings.ts'
import {
  namedService,
  servicesFromContainers,
  type Container,
  type NamedService,
  type SeenService,
} from './services-from-containers.ts'

export interface CatalogueKeeping {
  readonly host: HostId
  readonly docker: ObservedDocker
  readonly publisher: CataloguePublisher
  /** Looks whether a service may be deployed; slow, so it runs in the background. */
  readonly check: (seen: SeenService) => Promise<CheckOutcome>
  /** Told of each catalogue before it is published. */
  readonly onEntries: (entries: readonly CatalogueEntry[]) => void
  readonly logger: Logger
  readonly signal: AbortSignal
}

const checksAtOnce = 2
/** Of more services all containers are listed at once. */
const mostListedAlone = 20
const publishEachMs = 100

interface Known {
  readonly fingerprint: string
  readonly outcome: CheckOutcome
}

export interface Catalogue {
  republish(): Promise<void>
  /** The containers of a service that the engine has listed last. */
  lastListed(of: NamedService): readonly Container[]
}

/** Keeps the published catalogue equal to what Docker shows, until the signal aborts. */
export async function keepCatalogue(keeping: CatalogueKeeping): Promise<Catalogue> {
  const { host, docker, publisher, check, onEntries, logger, signal } = keeping
  const known = new Map<string, Known>()
  const reported = new Map<string, string>()
  let ofServices = groupByService([])
  let entries = await publisher.published()
  let isComplete = false
  let published = ''

  async function publish(services: readonly SeenService[]) {
    const checked: CheckedSeen[] = services.map((seen) => ({ seen, outcome: outcomeOf(seen) }))
    entries = catalogueEntries(host, checked, entries, new Date())
    isComplete ||= checked.every(({ outcome }) => outcome !== undefined)
    const text = JSON.stringify([entries, isComplete])
    if (text === published) return
    onEntries(entries)
    await publisher.publish({ entries, isComplete })
    published = text
  }

  function outcomeOf(seen: SeenService) {
    const found = known.get(qualifiedName(seen))
    return found?.fingerprint === fingerprintOf(seen) ? found.outcome : undefined
  }

  async function lookAt(look: Look) {
    ofServices = await containersNow(look)
    const services = servicesFromContainers([...ofServices.values()].flat()).filter(({ labels }) =>
      isLabelled(labels),
    )
    if (look === 'all') forgetDoubts()
    const unchecked = services.filter((seen) => outcomeOf(seen) === undefined)
    await publish(services)
    const checks = eachAtOnce(checksAtOnce, unchecked, async (seen) => {
      const outcome = await check(seen)
      known.set(qualifiedName(seen), { fingerprint: fingerprintOf(seen), outcome })
      report(seen, outcome)
    })
    await Promise.all([checks, publishUntil(checks, services)])
  }

  /** A list of all containers costs the more the more there are, so only those of the changed services are listed anew. */
  async function containersNow(look: Look): Promise<typeof ofServices> {
    if (look === 'all' || look.length > mostListedAlone) return groupByService(await docker.containers())
    const fresh = await Promise.all(
      look.map(async (service) => [nameOf(service), await docker.containers(service)] as const),
    )
    return new Map([...ofServices, ...fresh])
  }

  /** Not after each check: a publication costs more the more services there are. */
  async function publishUntil(checked: Promise<void>, services: readonly SeenService[]) {
    let isDone = false
    const done = checked.then(() => (isDone = true))
    while (!isDone) {
      await Promise.race([done, delay(publishEachMs)])
      await publish(services)
    }
  }

  /** What kept a service from being deployable may have been mended in its files, of which no event tells. */
  function forgetDoubts() {
    for (const [name, { outcome }] of known) if (outcome.kind !== 'deployable') known.delete(name)
  }

  function report(seen: SeenService, outcome: CheckOutcome) {
    const name = qualifiedName(seen)
    const text = describe(name, seen, outcome)
    if (reported.get(name) === text) return
    reported.set(name, text)
    if (outcome.kind === 'deployable' && !hasWeakToken(seen.labels)) logger.info(text)
    else logger.warn(text)
  }

  followEngine({ docker, lookAt, logger, signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return {
    republish: async () => {
      await publisher.publish({ entries, isComplete })
    },
    lastListed: (service) => ofServices.get(nameOf(service)) ?? [],
  }
}

/** Compose allows any character in the name of a service. */
function nameOf({ project, service }: NamedService): string {
  return JSON.stringify([project, service])
}

function groupByService(containers: readonly Container[]): ReadonlyMap<string, readonly Container[]> {
  const groups = new Map<string, Container[]>()
  for (const container of containers) {
    const name = nameOf(namedService(container.labels))
    groups.set(name, [...(groups.get(name) ?? []), container])
  }
  return groups
}

function describe(name: string, { service, labels }: SeenService, outcome: CheckOutcome): string {
  if (outcome.kind !== 'deployable') return `${name} is not deployable: ${outcome.reason}`
  const weak = hasWeakToken(labels) ? '; its token can be guessed: use at least 16 random characters' : ''
  return `${name} is deployable: POST /${service}${weak}`
}

function fingerprintOf({ labels }: SeenService): string {
  return JSON.stringify(labels)
}
