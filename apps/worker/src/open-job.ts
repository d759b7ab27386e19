import { isFinal, type JobRequest } from '@redeployster/shared/contract/job'
import type { Logger } from '@redeployster/shared/runtime/logger'
import type { DeployPorts, Job } from './job.ts'
import { openJobLog } from './job-log.ts'
import { createStepTimes } from './step-times.ts'
import { createStopOrder } from './stop-order.ts'

/** Puts together what the story of a job is told with, unless it has its verdict; from now on it can be ordered to stop. */
export async function openJob(
  request: JobRequest,
  directory: Job['directory'],
  logger: Logger,
  { jobs, logWriter, running }: DeployPorts,
): Promise<Job | undefined> {
  const stop = createStopOrder(await directory.stopReason(), async (reason) => {
    await directory.writeStopReason(reason).catch((error: unknown) => {
      // It is obeyed all the same; only a worker that comes after would not know of it.
      logger.error({ err: error }, 'Cannot keep the order to stop')
    })
    logger.debug({ at: `ordered ${reason}` }, 'Ordered to stop')
  })
  // Before the record is read: a cancel that comes later finds it here.
  running.set(request.id, stop)
  const [record, log] = await Promise.all([jobs.get(request.id), openJobLog(logWriter, request.id)])
  if (record && isFinal(record)) return undefined
  if (record?.cancelAsked) await stop.give('cancel')
  return { request, record, directory, times: createStepTimes(directory), log, logger, stop }
}
