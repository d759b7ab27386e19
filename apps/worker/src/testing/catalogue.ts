import type { CataloguePublisher, FoundEntries } from '@redeployster/shared/catalogue/catalogue'
import type { CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import type { ObservedDocker } from '../catalogue/docker.ts'
import type { Container } from '../catalogue/services-from-containers.ts'

/** An engine in memory. */
export interface MemoryDocker extends ObservedDocker {
  shown: readonly Container[]
  /** Shows other containers, and tells of it. */
  show(...containers: readonly Container[]): void
  /** Something has happened to a container. */
  tell(): void
  /** Cuts the connection, as an engine does that restarts. */
  cut(): void
}

export function createMemoryDocker(...shown: readonly Container[]): MemoryDocker {
  let onEvent = () => {}
  let end = () => {}
  return {
    shown,
    async containers() {
      return this.shown
    },
    async watch(listener, signal) {
      onEvent = listener
      const ended = new Promise<void>((resolve) => {
        end = resolve
      })
      signal.addEventListener('abort', () => end())
      return { ended }
    },
    show(...containers) {
      this.shown = containers
      onEvent()
    },
    tell: () => onEvent(),
    cut: () => end(),
  }
}

/** A publisher in memory. */
export interface MemoryPublisher extends CataloguePublisher {
  readonly all: FoundEntries[]
  /** What stands there now. */
  last(): FoundEntries | undefined
}

export function createMemoryPublisher(before: readonly CatalogueEntry[] = []): MemoryPublisher {
  const all: FoundEntries[] = []
  return {
    all,
    last: () => all.at(-1),
    publish: async (catalogue) => {
      all.push(catalogue)
    },
    published: async () => before,
    heartbeat: async () => true,
  }
}
