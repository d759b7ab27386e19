import type { CatalogueEntry, HostInfo } from '../contract/catalogue-entry.ts'
import type { ServiceName } from '../contract/service.ts'

export interface FoundEntries {
  readonly entries: readonly CatalogueEntry[]
  /** False while a host's worker still checks its services: what is not among the entries may yet come. */
  readonly isComplete: boolean
}

/** The API's side. Both finders throw `RefusedError('catalogue_unavailable')` when no host is known at all. */
export interface CatalogueReader {
  /** The entries of that name in all projects on all hosts. Costs the same however many services there are. */
  find(service: ServiceName): Promise<FoundEntries>
  all(): Promise<FoundEntries>
  hosts(): Promise<readonly HostInfo[]>
}

/** The worker's side, for its own host. */
export interface CataloguePublisher {
  /** Replaces the host's catalogue as a whole. */
  publish(catalogue: FoundEntries): Promise<void>
  /** What was published last, so that a restarted worker remembers the services that are gone. */
  published(): Promise<readonly CatalogueEntry[]>
  /** Says that the worker lives; resolves to false when Redis holds no catalogue of this host. */
  heartbeat(info: HostInfo): Promise<boolean>
}
