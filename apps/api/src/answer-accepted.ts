import type { JobId, JobRequest } from '@redeployster/shared/contract/job'
import { notice } from '@redeployster/shared/contract/log-line'
import { isOutage } from '@redeployster/shared/redis/outage'
import type { Context } from 'hono'
import { answerJson } from './answer-json.ts'
import { exitCodeHeader, toPublic } from './job.ts'
import type { ApiEnv, Parts } from './parts.ts'
import type { Requested } from './request-job.ts'

/** A job as it was accepted, before anybody has looked at it. */
type Accepted = Pick<ReturnType<typeof toPublic>, 'id'> & Partial<ReturnType<typeof toPublic>>

/** `?async`: where the job is, and how it is now. */
export function answerWithJob(c: Context<ApiEnv>, job: Accepted): Response {
  const headers = { Location: `/jobs/${job.id}`, 'Job-Id': job.id, ...exitCodeHeader(job) }
  return answerJson(c, job, { status: 202, headers })
}

/** `?wait`, and as long as there is no verdict: where it will be. */
export function redirectToVerdict(c: Context<ApiEnv>, id: JobId): Response {
  const Location = `/jobs/${id}/verdict`
  return c.body(`${notice(`the verdict of job ${id} will be at ${Location}`)}\n`, 303, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    Location,
    'Job-Id': id,
  })
}

/** The job that serves a request: as it was made, or as it is when it is shared. */
export async function acceptedJob(
  { jobs }: Pick<Parts, 'jobs'>,
  request: JobRequest,
  { id, hasJoined, record }: Requested,
): Promise<Accepted> {
  const made = { state: 'queued', started: false } as const
  const { proof: _, ...asked } = request
  if (!hasJoined) return toPublic({ ...asked, ...made, requests: 1 })
  if (record) return toPublic(record)
  const shared = await jobs.get(id).catch((error: unknown) => {
    // It is joined, whether Redis still answers or not.
    if (isOutage(error)) return undefined
    throw error
  })
  const { host, project, service } = request
  return shared ? toPublic(shared) : { id, host, project, service, ...made }
}
