import type { JobId, JobRequest } from '../contract/job.ts'
import type { HostId, ServiceKey } from '../contract/service.ts'
import type { Released } from './release.ts'

/** The API's side of the queues. */
export interface RequestQueue {
  /**
   * Joins the job of this service and token that has not started, else adds this one. Resolves, once Redis has
   * confirmed it, to the id of the job that serves the request.
   */
  add(request: JobRequest): Promise<JobId>
  /**
   * Takes a place among the jobs that wait on the host, and resolves to whether there was one. All requests that could
   * share a job share a place. It is free again when the worker looks at the job, or when that may not start any more.
   */
  takePlace(request: JobRequest, mostPlaces: number): Promise<boolean>
  /** The request behind a job on the queue. */
  find(key: ServiceKey, id: JobId): Promise<JobRequest | undefined>
  /** Takes the join key away from a job that has ended without giving it back (its worker was killed). */
  dropJoinKey(request: JobRequest, holder: JobId): Promise<void>
  /** Nobody can join a job that was cancelled before it began, and its place is free. */
  release(request: Released): Promise<void>
  /** Tells the host's worker that a job shall end. */
  cancel(host: HostId, id: JobId): Promise<void>
}

/** The worker's side: the queues of one host, one per project and service, fetched by hand. */
export interface HostQueues {
  /** The next job of a queue, oldest first, or nothing. Only one worker per host may call this. */
  fetch(queue: string): Promise<JobRequest | undefined>
  /** Jobs that an earlier worker fetched and did not finish. */
  fetched(queue: string): Promise<readonly JobRequest[]>
  /** From now on nobody can join this job. */
  releaseJoinKey(request: JobRequest): Promise<void>
  /** Takes a job with a verdict off the queue. */
  finish(request: JobRequest): Promise<void>
  /** Which of these queues have jobs that wait, or that were fetched and not finished. */
  withWork(queues: readonly string[]): Promise<readonly string[]>
  /** Calls back with a queue's name when work has come, and with nothing when kicks may have been lost. */
  onKick(host: HostId, listener: (queue: string | undefined) => void): Promise<void>
  /** Calls back with each job that shall end; such calls can be lost. */
  onCancel(host: HostId, listener: (id: JobId) => void): Promise<void>
}
