import { setTimeout as delay } from 'node:timers/promises'
import { isFinal, jobId, type JobRecord } from '@redeployster/shared/contract/job'
import type { ServiceKey } from '@redeployster/shared/contract/service'
import { isOutage } from '@redeployster/shared/redis/outage'
import { isUnreadable } from '@redeployster/shared/redis/unreadable'
import type { Context } from 'hono'
import { redirectToVerdict } from './answer-accepted.ts'
import { findJob } from './find-job.ts'
import { awaitVerdict, hold } from './hold.ts'
import { exitCodeHeader } from './job.ts'
import { logText } from './log-text.ts'
import type { ApiEnv, Handler, Parts } from './parts.ts'
import { readBody } from './read-body.ts'
import { storedLog } from './stored-log.ts'
import { answerWithLog } from './stream-log.ts'

/** Clients follow only so many redirects, so none is given away sooner. */
const leastHeldMs = 1000

/**
 * `GET` or `POST /jobs/:id/verdict`: held until the verdict is there, which then is the status. When it takes too long
 * for a proxy, the client is sent here once more. Clients differ in whether they keep a POST over a redirect.
 */
export function showVerdict(parts: Parts): Handler {
  return async (c) => {
    const begunAt = Date.now()
    await readBody(c.env.incoming)
    const held = hold(c.env.outgoing, parts.holdMs, parts)
    try {
      const job = await findHeldJob(c, parts, held.isDue)
      const ended = job && (isFinal(job) ? job : await whenEnded(job, parts, held.isDue))
      if (ended) return answerWithVerdict(c, parts, ended)
    } finally {
      held.release()
    }
    await delay(Math.min(leastHeldMs, parts.holdMs) - (Date.now() - begunAt))
    return redirectToVerdict(c, jobId.parse(c.req.param('id')))
  }
}

/**
 * The job, or nothing when Redis is away for all that time: its restart must turn no pipeline red. As long as it is
 * away nobody can be told apart from a stranger, so all share the places of one service.
 */
async function findHeldJob(
  c: Context<ApiEnv>,
  parts: Parts,
  isDue: AbortSignal,
): Promise<JobRecord | undefined> {
  for (;;) {
    try {
      const job = await findJob(c, parts)
      parts.streams.hold(c.env.outgoing, job)
      return job
    } catch (error) {
      if (!isPassing(error) || !jobId.safeParse(c.req.param('id')).success) throw error
      parts.streams.hold(c.env.outgoing, anybody)
      await delay(retryMs, undefined, { signal: isDue }).catch(() => {})
      if (isDue.aborted) return undefined
    }
  }
}

const retryMs = 250
const anybody = { host: '', project: '', service: '' } as unknown as ServiceKey

/** What cannot be read stays so: no waiting mends that. */
function isPassing(error: unknown): boolean {
  return isOutage(error) && !isUnreadable(error)
}

async function whenEnded(job: JobRecord, parts: Parts, isDue: AbortSignal): Promise<JobRecord | undefined> {
  await awaitVerdict(job, parts, isDue)
  const record = await parts.jobs.get(job.id).catch((error: unknown) => {
    if (isPassing(error)) return undefined
    throw error
  })
  return record && isFinal(record) ? record : undefined
}

/** Never a 5xx, which clients and proxies take for a reason to send the deploy again. */
function answerWithVerdict(c: Context<ApiEnv>, parts: Parts, job: JobRecord): Response {
  const wanted = { job, from: 1, form: logText }
  const status = job.exitCode === 0 ? 200 : 424
  return answerWithLog(c, parts, wanted, () => storedLog(wanted, parts.log), {
    status,
    headers: exitCodeHeader(job),
  })
}
