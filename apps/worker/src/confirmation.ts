import { setTimeout as delay } from 'node:timers/promises'
import type { JobRequest } from '@redeployster/shared/contract/job'
import type { JobsReader } from '@redeployster/shared/jobs/jobs'

export const unconfirmed =
  'no API has confirmed this job. Redis fell silent while it was asked for, and whoever asked was told so, ' +
  'or somebody else put it there: deploy again'

/** An API gives up on a command after 2 s, and there is one between putting a job on the queue and confirming it. */
const mostConfirmingMs = 5000
const lookEveryMs = 100

/**
 * Whether an API has confirmed the job. Almost always it has before we look. If not, its caller may have been told
 * that nothing was started, so nothing may be.
 */
export async function isConfirmed(
  { id }: JobRequest,
  jobs: JobsReader,
  signal: AbortSignal,
  withinMs = mostConfirmingMs,
): Promise<boolean> {
  for (const end = performance.now() + withinMs; ; await delay(lookEveryMs)) {
    if ((await jobs.get(id)) !== undefined) return true
    if (signal.aborted || performance.now() >= end) return false
  }
}
