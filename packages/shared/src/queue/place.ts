import type { JobRequest } from '../contract/job.ts'
import { queueName } from '../contract/service.ts'

/** Names a place among the jobs that wait: one for all requests that could share a job. */
export function placeOf(request: Omit<JobRequest, 'proof'>): string {
  return `${queueName(request)} ${request.tokenDigest}`
}
