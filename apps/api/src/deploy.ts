import type { JobId, JobRequest } from '@redeployster/shared/contract/job'
import { RefusedError } from '@redeployster/shared/contract/errors'
import { isOutage } from '@redeployster/shared/redis/outage'
import { acceptedJob, answerWithJob, redirectToVerdict } from './answer-accepted.ts'
import { answerAgain } from './answer-again.ts'
import { identify } from './authenticate.ts'
import { findService } from './find-service.ts'
import { frozen } from './frozen.ts'
import { claimedJob, claimOf } from './idempotency.ts'
import { logText } from './log-text.ts'
import { openingLine } from './opening-line.ts'
import type { Handler, Parts } from './parts.ts'
import { problem } from './problem.ts'
import { wayOfAnswer } from './queries.ts'
import { readBody } from './read-body.ts'
import { newRequest } from './request-job.ts'
import { claimJob, shareJob } from './share-job.ts'
import { streamLog } from './stream-log.ts'

/** `POST /:service`: one request from the door to the first line of its stream, or to where the job can be found. */
export function deploy(parts: Parts): Handler {
  return async (c) => {
    await readBody(c.env.incoming)
    if (parts.stopping.aborted) throw stopping()
    const caller = await identify(c.req.header('Authorization'), parts)
    const { entry, hostName } = await findService(parts, caller, {
      project: c.req.param('project'),
      service: c.req.param('service') ?? '',
      host: c.req.query('host'),
    })
    const way = wayOfAnswer(c.req.query())
    const claim = claimOf(c.req.header('Idempotency-Key'), caller, entry)
    // With `?wait` for the moment: were there no place to wait in, nothing must be started.
    if (way !== 'async') parts.streams.hold(c.env.outgoing, entry)
    const made = claim && (await claimedJob(parts, claim))
    if (made) return answerAgain(c, parts, made, { way, hostName })
    const request = newRequest(entry, caller, parts.startByMs)
    try {
      const requested = await (claim ? claimJob(parts, request, claim) : shareJob(parts, request))
      if ('freeze' in requested) return frozen(c, entry, requested.freeze)
      if (way === 'async') return answerWithJob(c, await acceptedJob(parts, request, requested))
      if (way === 'wait') return redirectToVerdict(c, requested.id)
      const job = { ...request, id: requested.id, state: 'queued', started: false } as const
      const runsFirst = requested.record ? requested.runsFirst : await jobBefore(parts, job)
      const opening = openingLine(job, { ...requested, runsFirst, hostName })
      const followed = { job, from: 1, opening, form: logText }
      return streamLog(c, parts, followed, { headers: { Location: `/jobs/${job.id}` } })
    } catch (error) {
      if (!isOutage(error)) throw error
      return problem(c, 'redis_unavailable', unconfirmed(request), { members: { jobId: request.id } })
    }
  }
}

/** Only for the first line of the stream: the job is confirmed, whether Redis still answers or not. */
async function jobBefore({ jobs }: Parts, request: JobRequest): Promise<JobId | undefined> {
  return jobs.before(request).catch((error: unknown) => {
    if (isOutage(error)) return undefined
    throw error
  })
}

function stopping() {
  return new RefusedError(
    'stopping',
    'This API is stopping and accepts no deploys. Nothing was started: send the request again in a few seconds.',
  )
}

function unconfirmed({ id }: JobRequest) {
  return (
    `Redis fell silent before it confirmed the deploy. Nothing is started: job ${id} will be rejected, should Redis have ` +
    'it at all. Send the request again in a few seconds.'
  )
}
