import type { CatalogueReader } from '@redeployster/shared/catalogue/catalogue'
import type { JobId } from '@redeployster/shared/contract/job'
import { notice } from '@redeployster/shared/contract/log-line'
import type { Jobs } from '@redeployster/shared/jobs/jobs'
import type { LogReader } from '@redeployster/shared/log/log'
import { isOutage } from '@redeployster/shared/redis/outage'
import { isUnreadable } from '@redeployster/shared/redis/unreadable'
import type { TextWithExitCode } from './exit-code-trailer.ts'
import { forsaken, heartbeat, isForsaken, isLost, remembered, type Sight } from './heartbeat.ts'
import { exitCodeOf, type LogForm } from './log-form.ts'
import type { Reader } from './reader.ts'

export interface Followed {
  readonly job: Sight['job']
  /** Number of the first line wanted. */
  readonly from: number
  /** The notice that the stream begins with. */
  readonly opening: string
  readonly form: LogForm
  /** How long it is silent before it says that it is alive. */
  readonly silenceMs?: number
}

interface Sources {
  readonly log: LogReader
  readonly jobs: Jobs
  readonly catalogue: CatalogueReader
  /** Aborted when the API stops. */
  readonly stopping: AbortSignal
}

/**
 * A log from a line on to its verdict. All that has come since the last pull is one piece of text: one line or a
 * thousand cost the same.
 */
export async function* followLog(
  { job, from, opening, form, silenceMs = 15_000 }: Followed,
  sources: Sources,
  reader: Reader,
): TextWithExitCode {
  const { stopping } = sources
  const begunAt = Date.now()
  let waitMs = silenceMs
  let sight: Sight = { job, worker: undefined, isRedisAway: false, hasRecord: true }
  const follower = sources.log.follow(job.id, from)
  const close = () => follower.close()
  stopping.addEventListener('abort', close)
  reader.onLeaving(close)
  try {
    yield form.preamble + form.aside(opening)
    for (;;) {
      const events = stopping.aborted ? [] : await follower.next(waitMs)
      const exitCode = exitCodeOf(events)
      if (events.length > 0) yield form.show(job.id, events)
      if (exitCode !== undefined || reader.hasLeft()) return exitCode
      if (stopping.aborted) {
        yield form.aside(stoppingNotice(job.id))
        return undefined
      }
      if (events.length > 0) continue

      const seen = await look(sight, sources)
      if (seen === 'unreadable') {
        yield form.aside(unreadableNotice(job.id))
        return undefined
      }
      sight = seen
      const known = sight.job.exitCode
      if (known !== undefined && waitMs === 0) {
        // The log's last entry has expired or was lost, but the record still knows the verdict.
        yield form.showGone({ ...sight.job, exitCode: known })
        return known
      }
      if (known !== undefined) {
        // It may have come just now, with the last lines.
        waitMs = 0
        continue
      }
      if (isLost(sight, Date.now())) {
        yield form.aside(lostNotice(job.id))
        return undefined
      }
      const isExpired = isForsaken(sight, Date.now()) && (await expire(job.id, sources))
      if (!isExpired) yield form.aside(heartbeat(sight, Date.now(), Date.now() - begunAt))
    }
  } finally {
    stopping.removeEventListener('abort', close)
    close()
  }
}

async function look(last: Sight, { jobs, catalogue }: Sources): Promise<Sight | 'unreadable'> {
  const { id, host } = last.job
  try {
    const [record, hosts] = await Promise.all([jobs.get(id).catch(orUnreadable), catalogue.hosts()])
    // No waiting mends that, and no worker begins such a job.
    if (record === 'unreadable') return record
    const worker = hosts.find((it) => it.id === host)
    return {
      job: record ? remembered(record) : last.job,
      worker,
      isRedisAway: false,
      hasRecord: record !== undefined,
    }
  } catch (error) {
    if (!isOutage(error)) throw error
    // Redis is away: the stream stays, says so, and goes on when it is back.
    return { ...last, isRedisAway: true }
  }
}

function orUnreadable(error: unknown): 'unreadable' {
  if (!isUnreadable(error)) throw error
  return 'unreadable'
}

/** The verdict itself then comes out of the log, as always. */
function expire(job: JobId, { jobs }: Sources): Promise<boolean> {
  return jobs.concludeUnbegun(job, forsaken).catch((error: unknown) => {
    if (isOutage(error)) return false
    throw error
  })
}

/** The stream ends without a verdict: the client must ask again, and nothing happens to the deploy. */
function stoppingNotice(job: string): string {
  return notice(`API stopping; job ${job} goes on`)
}

/** No verdict either: a worker that had begun the job still writes one, and what it will be is not for us to guess. */
function lostNotice(job: string): string {
  return notice(
    `Redis has lost job ${job}: if it had begun, its verdict will be at /jobs/${job}, else deploy again`,
  )
}

/** Nor here: what had begun may have come to any end. */
function unreadableNotice(job: string): string {
  return notice(
    `what Redis holds of job ${job} cannot be read: somebody else or another version wrote there, and its verdict cannot ` +
      'be told here; the log of the worker says whether it was started',
  )
}
