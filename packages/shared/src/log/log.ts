import type { JobId, Verdict } from '../contract/job.ts'

/** Whose output stands in a log; what comes before the first of them has no step. */
export const logSteps = ['config', 'pull', 'pull-again', 'up', 'rollback'] as const
export type LogStep = (typeof logSteps)[number]

/** How far a step's output has been stored, so that an adopter goes on at the next byte. */
export interface LogPosition {
  readonly step: LogStep | ''
  readonly offset: number
}

export interface LogBatch {
  /** Number of the first line; lines are numbered from 1. */
  readonly first: number
  readonly lines: readonly string[]
}

export interface LogEnd {
  readonly next: number
  readonly position: LogPosition | undefined
  readonly lastLine: string | undefined
}

/** The worker's side; nobody else writes. */
export interface LogWriter {
  /** Adds a batch. A batch that is there already, or comes after the verdict, changes nothing. */
  append(job: JobId, batch: LogBatch, position: LogPosition): Promise<void>
  /** Where the stored log ends, and with which line. */
  end(job: JobId): Promise<LogEnd>
}

export type LogEvent =
  | ({ readonly kind: 'lines' } & LogBatch)
  | { readonly kind: 'missing'; readonly from: number; readonly to: number }
  | { readonly kind: 'verdict'; readonly verdict: Verdict }

/** Something that yields what has come since the last call, and waits when there is nothing. */
export interface Follower {
  /**
   * The next events in order, at least one; after the verdict an empty list.
   * With `waitMs` it also resolves, with an empty list, after that time of silence.
   */
  next(waitMs?: number): Promise<readonly LogEvent[]>
  close(): void
}

export interface LogReader {
  /** Follows a log from line `from` on to its verdict. */
  follow(job: JobId, from: number): Follower
  /** What is stored now, from line `from` on, with the verdict if there is one. */
  read(job: JobId, from: number): AsyncIterable<LogEvent>
}
