import type { JobRecord, JobRequest } from '@redeployster/shared/contract/job'
import type { Logger } from '@redeployster/shared/runtime/logger'
import type { DeployPorts, Job } from './job.ts'
import { openJobLog } from './job-log.ts'
import { createStepTimes } from './step-times.ts'
import { createStopOrder } from './stop-order.ts'

/** Puts together what the story of a job is told with; from now on it can be ordered to stop. */
export async function openJob(
  request: JobRequest,
  record: JobRecord | undefined,
  directory: Job['directory'],
  logger: Logger,
  ports: DeployPorts,
): Promise<Job> {
  const log = await openJobLog(ports.logWriter, request.id)
  const stop = createStopOrder(await directory.stopReason(), async (reason) => {
    await directory.writeStopReason(reason).catch((error: unknown) => {
      // It is obeyed all the same; only a worker that comes after would not know of it.
      logger.error({ err: error }, 'Cannot keep the order to stop')
    })
    logger.debug({ at: `ordered ${reason}` }, 'Ordered to stop')
  })
  ports.running.set(request.id, stop)
  if (await ports.jobs.isCancelAsked(request.id)) await stop.give('cancel')
  return { request, record, directory, times: createStepTimes(directory), log, logger, stop }
}
