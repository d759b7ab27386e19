import type { ServiceKey } from '../contract/service.ts'

/** How much of the past is kept. What runs is never removed. */
export interface HistoryLimits {
  /** Of all logs of jobs that have ended; the records stay. */
  readonly logBytes: number
  readonly jobsPerService: number
  readonly days: number
}

/** Removes a bounded number of things at each call; what is left over goes at the next ones. */
export interface HistoryKeeper {
  /** Removes the oldest jobs of a service that has too many. */
  trimService(key: ServiceKey): Promise<void>
  /** Removes jobs that are too old, and the logs that ended first where they take too much. */
  trimAll(): Promise<void>
}
