import type { HostInfo } from '@redeployster/shared/contract/catalogue-entry'
import { exitCode, type JobRecord, type Verdict } from '@redeployster/shared/contract/job'
import { notice } from '@redeployster/shared/contract/log-line'

/** A worker says every few seconds that it lives; after this silence it is taken to be away. */
const workerIsAwayAfterMs = 20_000

export function isAway({ seenAt }: HostInfo, now: number): boolean {
  return now - Date.parse(seenAt) > workerIsAwayAfterMs
}

/** What a stream knows of its job when there is nothing new to show. */
export interface Sight {
  readonly job: Pick<
    JobRecord,
    'id' | 'host' | 'state' | 'started' | 'startBy' | 'startedAt' | 'exitCode' | 'reason'
  >
  readonly worker: HostInfo | undefined
  readonly isRedisAway: boolean
  /** Redis answered, and knew the job. */
  readonly hasRecord: boolean
}

/** Of a record, which is several times as large: there are thousands of streams. */
export function remembered(job: Sight['job']): Sight['job'] {
  const { id, host, state, started, startBy, startedAt, exitCode, reason } = job
  return { id, host, state, started, startBy, startedAt, exitCode, reason }
}

/** Tells people and proxies, after a long silence, that the stream is alive and what it waits for. */
export function heartbeat(sight: Sight, now: number, sinceMs: number): string {
  const { job, worker, isRedisAway } = sight
  const still = `still ${job.state} (${Math.round(sinceMs / 1000)} s)`
  if (isRedisAway) return notice(`${still}; Redis is away, and the log goes on when it is back`)
  if (!isWithoutWorker(sight, now)) return notice(still)
  const where = worker ? `on host ${worker.name} since ${worker.seenAt}` : `on host ${job.host}`
  return notice(`no worker ${where}; ${whatToDo(job)}`)
}

function isWithoutWorker({ worker, isRedisAway }: Sight, now: number): boolean {
  return !isRedisAway && (!worker || isAway(worker, now))
}

/** A job that is queued again, since it waits for its lane behind its pull, does not expire. */
function canExpire({ state, startedAt }: Sight['job']): boolean {
  return state === 'queued' && startedAt === undefined
}

function whatToDo(job: Sight['job']): string {
  const { id, state, startBy } = job
  if (canExpire(job)) return `start it there by ${startBy}, until when job ${id} waits for it`
  return state === 'queued'
    ? `start it there: job ${id} waits for its lane, and only a worker can go on with it`
    : `start it there: what runs goes on by itself, but only a worker can tell the verdict`
}

/** After Redis was emptied nobody begins what waited in it. What had begun gets its record back with its verdict. */
export function isLost({ job, isRedisAway, hasRecord }: Sight, now: number): boolean {
  return !isRedisAway && !hasRecord && now > Date.parse(job.startBy)
}

/** A job whose time has run out while there is no worker that could say so. */
export function isForsaken(sight: Sight, now: number): boolean {
  const { job } = sight
  return canExpire(job) && now > Date.parse(job.startBy) && isWithoutWorker(sight, now)
}

export const forsaken = {
  state: 'expired',
  exitCode: exitCode.unknown,
  started: false,
  reason: 'no worker came to take this job in time, so nothing was started: start one, then deploy again',
} as const satisfies Verdict
