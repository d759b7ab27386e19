import type { CataloguePublisher } from '@redeployster/shared/catalogue/catalogue'
import type { CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import { qualifiedName, type HostId } from '@redeployster/shared/contract/service'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { setTimeout as delay } from 'node:timers/promises'
import type { Docker } from './docker.ts'
import { catalogueEntries, type CheckedSeen, type CheckOutcome } from './entries.ts'
import { hasWeakToken, isLabelled } from './service-settings.ts'
import { servicesFromContainers, type SeenService } from './services-from-containers.ts'

export interface CatalogueKeeping {
  readonly host: HostId
  readonly docker: Docker
  readonly publisher: CataloguePublisher
  /** Looks whether a service may be deployed; slow, so it runs in the background. */
  readonly check: (seen: SeenService) => Promise<CheckOutcome>
  /** Told of each catalogue before it is published. */
  readonly onEntries: (entries: readonly CatalogueEntry[]) => void
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** Compose prints several events for one change: they are looked at together. */
const settleMs = 50
const reconnectAtMostMs = 5000
const checksAtOnce = 2

interface Known {
  readonly fingerprint: string
  readonly outcome: CheckOutcome
}

/** Keeps the published catalogue equal to what Docker shows, until the signal aborts. Resolves to its `republish`. */
export async function keepCatalogue(keeping: CatalogueKeeping): Promise<{ republish(): Promise<void> }> {
  const { host, docker, publisher, check, onEntries, logger, signal } = keeping
  const known = new Map<string, Known>()
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

  async function lookAround() {
    const services = servicesFromContainers(await docker.containers()).filter(({ labels }) =>
      isLabelled(labels),
    )
    const unchecked = services.filter((seen) => outcomeOf(seen) === undefined)
    await publish(services)
    await eachAtOnce(checksAtOnce, unchecked, async (seen) => {
      const outcome = await check(seen)
      known.set(qualifiedName(seen), { fingerprint: fingerprintOf(seen), outcome })
      report(seen, outcome, logger)
      await publish(services)
    })
  }

  async function follow() {
    let isDirty = true
    let wake = () => {}
    const touch = () => {
      isDirty = true
      wake()
    }
    const { ended } = await docker.watch(touch, signal)
    let isEnded = false
    void ended.then(() => {
      isEnded = true
      wake()
    })
    while (!signal.aborted && !isEnded) {
      if (isDirty) {
        isDirty = false
        await lookAround()
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        await delay(settleMs)
      }
    }
  }

  async function followForEver() {
    for (let wait = 100; !signal.aborted; wait = Math.min(wait * 2, reconnectAtMostMs)) {
      try {
        await follow()
        wait = 100
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error }, 'Cannot look at the Docker engine; trying again')
      }
      await delay(wait)
    }
  }

  void followForEver()
  return {
    republish: async () => {
      await publisher.publish({ entries, isComplete })
    },
  }
}

function fingerprintOf({ labels }: SeenService): string {
  return JSON.stringify(labels)
}

function report({ project, service, labels }: SeenService, outcome: CheckOutcome, logger: Logger) {
  const name = `${project}/${service}`
  if (outcome.kind === 'deployable') {
    logger.info(`${name} is deployable: POST /${service}`)
    if (hasWeakToken(labels))
      logger.warn(`${name} has a token that can be guessed; use at least 16 random characters`)
  } else {
    logger.warn(`${name} is not deployable: ${outcome.reason ?? 'compose cannot read its files'}`)
  }
}

async function eachAtOnce<Item>(limit: number, items: readonly Item[], work: (item: Item) => Promise<void>) {
  const rest = items.values()
  await Promise.all(
    Array.from({ length: limit }, async () => {
      for (const item of rest) await work(item)
    }),
  )
}
