import type { JobId, JobRecord, JobRequest, JobState, Verdict } from '../contract/job.ts'
import type { ServiceKey } from '../contract/service.ts'

export interface HistoryQuery {
  /** Only these services; none means all. */
  readonly services?: readonly ServiceKey[]
  /** Only jobs of services of this name, in any project. */
  readonly service?: string
  readonly project?: string
  readonly state?: JobState
  readonly limit: number
  /** Only jobs older than this one. */
  readonly before?: JobId
}

export interface JobsReader {
  get(id: JobId): Promise<JobRecord | undefined>
  /** Newest first. */
  list(query: HistoryQuery): Promise<readonly JobRecord[]>
}

/** `over`: it has its verdict. `frozen`: its service is, so it must not begin. */
export type Begun = 'begun' | 'over' | 'frozen'

type NamedJob = ServiceKey & Pick<JobRequest, 'id'>

/** `unknown`: nobody has confirmed such a job. `claimed`: the claim stands for another one. */
export type Joined = 'joined' | 'begun' | 'unknown' | 'claimed'

/** What an `Idempotency-Key` comes to: a name that only the same token makes of it, and the service it is used for. */
export interface Claim {
  readonly name: string
  readonly service: ServiceKey
}

/** A job that one more request shares; without its record when that cannot be read. */
export interface SharedJob {
  readonly id: JobId
  readonly record: JobRecord | undefined
  /** As `before` would tell. */
  readonly runsFirst: JobId | undefined
}

export interface Jobs extends JobsReader {
  /**
   * Confirms a job that is on the queue: writes its record and wakes its worker, at once. No worker begins a job that
   * was not confirmed. A record that exists is left as it is. With a claim that stands for another job nothing is
   * written, and it resolves to false; any other claim stands for this job from then on.
   */
  accept(request: JobRequest, claim?: Claim): Promise<boolean>
  /**
   * The job of this service and token that waits to begin, with so many more requests counted that share it; nothing if
   * none does.
   */
  joinWaiting(
    service: ServiceKey,
    tokenDigest: string,
    requests: number,
  ): Promise<SharedJob | 'frozen' | undefined>
  /** The job of the same service that has to end before this one can begin. */
  before(request: NamedJob): Promise<JobId | undefined>
  /** Counts one more request that shares the job, unless it has begun; then a claim stands for it as well. */
  join(id: JobId, claim?: Claim): Promise<Joined>
  /** The job that a claim has stood for in the last 24 hours, or `elsewhere` when it is one of another service. */
  attach(claim: Claim): Promise<JobId | 'elsewhere' | undefined>
  /** Writes the record of a job that has begun, should Redis have lost it. */
  restore(request: JobRequest): Promise<void>
  /**
   * Queued → running, before the first step and after each wait. A job that has begun, as its record or `hasBegun` says,
   * minds no freeze any more.
   */
  begin(request: NamedJob, startedAt: Date, hasBegun?: boolean): Promise<Begun>
  /** Running → queued: its pull is over and it waits for its lane. It has begun: nobody joins it, and it never expires. */
  wait(id: JobId): Promise<void>
  /** Which image replaces which, by their digests. */
  noteImages(id: JobId, images: { before: string | undefined; after: string | undefined }): Promise<void>
  /** Writes down that somebody wants the job to end; resolves to false when it has its verdict. */
  askCancel(id: JobId): Promise<boolean>
  isCancelAsked(id: JobId): Promise<boolean>
  /** Record, last entry of the log and announcement at once; the first verdict stays. Resolves to the one that stands. */
  conclude(request: JobRequest, verdict: Verdict): Promise<Verdict>
  /** Concludes a job that no worker has begun; resolves to whether it did. A worker cannot begin it afterwards. */
  concludeUnbegun(id: JobId, verdict: Verdict): Promise<boolean>
}
