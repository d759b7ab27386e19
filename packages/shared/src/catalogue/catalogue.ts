import type { CatalogueEntry, HostInfo } from '../contract/catalogue-entry.ts'
import type { ServiceName } from '../contract/service.ts'

/** The API's side. Both finders throw `RefusedError('catalogue_unavailable')` when a host's catalogue is not there. */
export interface CatalogueReader {
  /** The entries of that name in all projects on all hosts. Costs the same however many services there are. */
  find(service: ServiceName): Promise<readonly CatalogueEntry[]>
  all(): Promise<readonly CatalogueEntry[]>
  hosts(): Promise<readonly HostInfo[]>
}

/** The worker's side, for its own host. */
export interface CataloguePublisher {
  /** Replaces the host's catalogue as a whole. */
  publish(entries: readonly CatalogueEntry[]): Promise<void>
  /** What was published last, so that a restarted worker remembers the services that are gone. */
  published(): Promise<readonly CatalogueEntry[]>
  /** Says that the worker lives; resolves to false when Redis has lost the catalogue. */
  heartbeat(info: HostInfo): Promise<boolean>
}
