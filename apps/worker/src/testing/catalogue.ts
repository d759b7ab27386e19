import { isDeepStrictEqual } from 'node:util'
import type { CataloguePublisher, FoundEntries } from '@redeployster/shared/catalogue/catalogue'
import type { CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import type { ObservedDocker } from '../catalogue/docker.ts'
import { namedService, type Container, type NamedService } from '../catalogue/services-from-containers.ts'

/** An engine in memory. */
export interface MemoryDocker extends ObservedDocker {
  shown: readonly Container[]
  /** Shows other containers, and tells of it. */
  show(...containers: readonly Container[]): void
  /** Something has happened to these containers, or to each that it shows. */
  tell(...containers: readonly Container[]): void
  /** Cuts the connection, as an engine does that restarts. */
  cut(): void
}

export function createMemoryDocker(...shown: readonly Container[]): MemoryDocker {
  let onEvent: (of: NamedService) => void = () => {}
  let end = () => {}
  return {
    shown,
    async containers(of) {
      if (typeof of !== 'object') return this.shown
      return this.shown.filter(({ labels }) => isDeepStrictEqual(namedService(labels), of))
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
      const before = this.shown
      this.shown = containers
      for (const { labels } of [...before, ...containers]) onEvent(namedService(labels))
    },
    tell(...containers) {
      for (const { labels } of containers.length > 0 ? containers : this.shown) onEvent(namedService(labels))
    },
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
