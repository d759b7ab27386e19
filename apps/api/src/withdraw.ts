import { setTimeout as delay } from 'node:timers/promises'
import { exitCode, type JobRequest, type Verdict } from '@redeployster/shared/contract/job'
import type { Claim } from '@redeployster/shared/jobs/jobs'
import { isOutage } from '@redeployster/shared/redis/outage'
import type { Parts } from './parts.ts'

const withdrawn = {
  state: 'expired',
  exitCode: exitCode.unknown,
  started: false,
  reason: 'Redis fell silent before it confirmed the request, so nothing was started: deploy again',
} as const satisfies Verdict

const retryMs = 500

/**
 * Takes back a job whose confirmation was lost on its way, as soon as Redis listens again: its caller was told 503, and
 * a deploy that nobody waits for would be a surprise. What has begun goes on, and what others share stays.
 */
export async function withdraw(
  { jobs, logger, stopping }: Pick<Parts, 'jobs' | 'logger' | 'stopping'>,
  { id, startBy }: Pick<JobRequest, 'id' | 'startBy'>,
  claim?: Claim,
): Promise<void> {
  while (!stopping.aborted && Date.now() < Date.parse(startBy)) {
    try {
      if (await jobs.withdraw(id, withdrawn, claim))
        logger.info({ job: id }, 'Took back a job that Redis did not confirm')
      return
    } catch (error) {
      if (!isOutage(error)) return logger.error({ err: error, job: id }, 'Cannot take back a job')
      // Not unreferenced: an API that stops ends it by the signal.
      await delay(retryMs, undefined, { signal: stopping }).catch(() => {})
    }
  }
}
