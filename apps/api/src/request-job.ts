import type { CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import { RefusedError } from '@redeployster/shared/contract/errors'
import { newJobId, type JobId, type JobRecord, type JobRequest } from '@redeployster/shared/contract/job'
import type { Claim, Joined } from '@redeployster/shared/jobs/jobs'
import { isUnanswered } from '@redeployster/shared/redis/outage'
import type { Caller } from './authenticate.ts'
import { elsewhere } from './idempotency.ts'
import type { Parts } from './parts.ts'

export function newRequest(
  { host, project, service, digests }: CatalogueEntry,
  caller: Caller,
  startByMs: number,
): JobRequest {
  const now = Date.now()
  const { digest, by, prove } = caller.credentialFor(digests)
  const asked = {
    id: newJobId(),
    host,
    project,
    service,
    acceptedAt: new Date(now).toISOString(),
    startBy: new Date(now + startByMs).toISOString(),
  }
  return { ...asked, ...(by && { by }), tokenDigest: digest, proof: prove(asked) }
}

export interface Requested {
  /** The job that serves the request: its own, or one that it shares. */
  readonly id: JobId
  readonly hasJoined: boolean
  /** False when Redis fell silent at the very last: its verdict will say whether it was started. */
  readonly isConfirmed: boolean
  /** Its record, if that came with the answer of Redis. */
  readonly record?: JobRecord | undefined
  /** The job of the same service that has to end first, if that came with the answer of Redis. */
  readonly runsFirst?: JobId | undefined
}

const mostAttempts = 5

/** Puts the request on the queue, confirms it and wakes the worker. When it rejects, nothing will run for it. */
export async function requestJob(parts: Parts, request: JobRequest, claim?: Claim): Promise<Requested> {
  const { queue, jobs, logger, mostWaitingJobs } = parts
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const claimed = claim && (await jobs.attach(claim))
    if (claimed === 'elsewhere') throw elsewhere()
    if (claimed) return shared(claimed)
    if (!(await queue.takePlace(request, mostWaitingJobs))) throw tooManyJobs()

    const id = await queue.add(request)
    logger.debug({ at: 'queued', job: id }, 'Queued')
    if (id === request.id) {
      // Else a request with the same key was quicker, and this job is one that nobody has confirmed.
      const confirmed = await confirm(parts, request, claim)
      if (confirmed === 'claimed') continue
      logger.debug({ at: 'accepted', job: id }, 'Accepted')
      return { id, hasJoined: false, isConfirmed: confirmed === 'confirmed' }
    }
    const joined = await join(parts, request, id, claim)
    if (joined === 'joined') return shared(id)
    // Its worker was killed before it could give the join key back: nobody may join what has begun.
    if (joined !== 'claimed') await queue.dropJoinKey(request, id)
  }
  throw overtaken()
}

function shared(id: JobId): Requested {
  return { id, hasJoined: true, isConfirmed: true }
}

/**
 * A confirmation without an answer may have reached Redis: then the job runs, and else its worker rejects it. After 503
 * nothing may run, so such a caller is promised the verdict instead, which comes in both cases.
 */
async function confirm(
  { jobs }: Parts,
  request: JobRequest,
  claim: Claim | undefined,
): Promise<'confirmed' | 'unknown' | 'claimed'> {
  try {
    return (await jobs.accept(request, claim)) ? 'confirmed' : 'claimed'
  } catch (error) {
    if (!isUnanswered(error)) throw error
    return 'unknown'
  }
}

async function join(
  { queue, jobs }: Parts,
  request: JobRequest,
  id: JobId,
  claim: Claim | undefined,
): Promise<Joined> {
  const joined = await jobs.join(id, claim)
  if (joined !== 'unknown') return joined
  // The API that put it on the queue was killed before it could confirm it, or is about to.
  const queued = await queue.find(request, id)
  if (!queued) return 'unknown'
  return (await jobs.accept(queued, claim)) ? jobs.join(id, claim) : 'claimed'
}

function tooManyJobs() {
  return new RefusedError(
    'too_many_jobs',
    'Too many jobs wait for this host. Nothing was started: send the request again when some of them have begun.',
  )
}

/** In a rush, with a Redis that is slow, the join key can name another job each time, and each has begun already. */
function overtaken() {
  return new RefusedError(
    'too_many_jobs',
    'Jobs of this service come and begin quicker than this request could join one. Nothing was started: send it again in ' +
      'a few seconds.',
  )
}
