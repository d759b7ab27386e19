import type { CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import { isFinal, newJobId, type JobId, type JobRequest } from '@redeployster/shared/contract/job'
import { proofOf } from '@redeployster/shared/contract/token'
import { isOutage } from '@redeployster/shared/redis/outage'
import type { Caller } from './authenticate.ts'
import type { Parts } from './parts.ts'

export function newRequest(
  { host, project, service }: CatalogueEntry,
  caller: Caller,
  startByMs: number,
): JobRequest {
  const now = Date.now()
  const asked = {
    id: newJobId(),
    host,
    project,
    service,
    acceptedAt: new Date(now).toISOString(),
    startBy: new Date(now + startByMs).toISOString(),
  }
  return { ...asked, tokenDigest: caller.digest, proof: proofOf(caller.hash, asked) }
}

export interface Requested {
  /** The job that serves the request: its own, or one that it shares. */
  readonly id: JobId
  readonly hasJoined: boolean
  /** A job of the same service that has to end first. */
  readonly runsFirst: JobId | undefined
}

/** Puts the request on the queue, confirms it and wakes the worker; resolves once Redis has said so. */
export async function requestJob(parts: Parts, request: JobRequest): Promise<Requested> {
  const id = await addOrJoin(parts, request)
  return { id, hasJoined: id !== request.id, runsFirst: await jobBefore(parts, request, id) }
}

const mostAttempts = 5

async function addOrJoin(parts: Parts, request: JobRequest): Promise<JobId> {
  const { queue, jobs, logger } = parts
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const id = await queue.add(request)
    logger.debug({ at: 'queued', job: id }, 'Queued')
    if (id === request.id) {
      await jobs.accept(request)
      logger.debug({ at: 'accepted', job: id }, 'Accepted')
      return id
    }
    if (await join(parts, request, id)) return id
    // Its worker was killed before it could give the join key back: nobody may join what has begun.
    await queue.dropJoinKey(request, id)
  }
  throw new Error(`Cannot put job ${request.id} on its queue: the join key keeps naming jobs that have begun`)
}

async function join({ queue, jobs }: Parts, request: JobRequest, id: JobId): Promise<boolean> {
  const joined = await jobs.join(id)
  if (joined !== 'unknown') return joined === 'joined'
  // The API that put it on the queue was killed before it could confirm it, or is about to.
  const queued = await queue.find(request, id)
  if (queued) await jobs.accept(queued)
  return queued !== undefined && (await jobs.join(id)) === 'joined'
}

/** Only for the first line of the stream: the job is confirmed, whether Redis still answers or not. */
async function jobBefore({ jobs }: Parts, request: JobRequest, id: JobId): Promise<JobId | undefined> {
  const [before] = await jobs.list({ services: [request], before: id, limit: 1 }).catch((error: unknown) => {
    if (isOutage(error)) return []
    throw error
  })
  return before && !isFinal(before) ? before.id : undefined
}
