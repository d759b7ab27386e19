import type { Freeze } from '@redeployster/shared/contract/freeze'
import type { JobRequest } from '@redeployster/shared/contract/job'
import type { Claim } from '@redeployster/shared/jobs/jobs'
import { placeOf } from '@redeployster/shared/queue/place'
import type { Parts } from './parts.ts'
import { requestJob, type Requested } from './request-job.ts'

/** What a request comes to: a job, or nothing as long as its service is frozen. */
type Outcome = Requested | { readonly freeze: Freeze }

/** Jobs that are being made by requests to this API. */
export type Making = Map<string, Promise<unknown>>

/** Requests to this API that ask at the same moment for the same job. */
interface Party {
  size: number
  readonly outcome: Promise<Outcome | undefined>
}
export type Joining = Map<string, Party>

/** A job of its own for a request with a claim. */
export async function claimJob(parts: Parts, request: JobRequest, claim: Claim): Promise<Outcome> {
  const freeze = await parts.freezes.find(request)
  return freeze ? { freeze } : requestJob(parts, request, claim)
}

/**
 * A job that waits, which most requests of a rush share, or a new one. While one request makes it the others wait, and
 * share it then, all by one command. Where it cannot be made, they need not try.
 */
export async function shareJob(parts: Parts, request: JobRequest): Promise<Outcome> {
  const shared = await joinWaiting(parts, request)
  if (shared) return shared
  const { making } = parts
  const name = placeOf(request)
  const other = making.get(name)
  if (other) {
    await other
    const sharedNow = await joinWaiting(parts, request)
    if (sharedNow) return sharedNow
  }
  const own = requestJob(parts, request)
  making.set(name, own)
  return own.finally(() => {
    if (making.get(name) === own) making.delete(name)
  })
}

function joinWaiting(parts: Parts, request: JobRequest): Promise<Outcome | undefined> {
  const name = placeOf(request)
  const party = parts.joining.get(name)
  if (party) {
    party.size += 1
    return party.outcome
  }
  const outcome = new Promise<void>((resolve) => process.nextTick(resolve)).then(() => {
    parts.joining.delete(name)
    return joinAll(parts, request, own.size)
  })
  const own: Party = { size: 1, outcome }
  parts.joining.set(name, own)
  return outcome
}

/** In one step, so that no freeze can come between the look and the share. */
async function joinAll(
  { jobs, freezes }: Parts,
  request: JobRequest,
  requests: number,
): Promise<Outcome | undefined> {
  const waiting = await jobs.joinWaiting(request, request.tokenDigest, requests)
  if (waiting !== 'frozen') return waiting && { ...waiting, hasJoined: true, isConfirmed: true }
  const freeze = await freezes.find(request)
  // It may have ended just now.
  return freeze && { freeze }
}
