import { queueName } from '@redeployster/shared/contract/service'
import { deploy } from './deploy.ts'
import type { DeployPorts } from './job.ts'
import type { JobDirectory } from './job-directory.ts'
import type { HostQueue } from './schedule/host-queue.ts'

/**
 * Goes on with the jobs that an earlier worker left. Those that run hold their lanes before anything else may start;
 * the others begin their story anew.
 */
export async function resumeJobs(
  left: readonly JobDirectory[],
  ports: DeployPorts,
  queue: HostQueue,
): Promise<void> {
  const { schedule } = ports
  for (const directory of left) {
    const { id, project } = directory.request
    const isRunning = await directory.hasStarted('up')
    // The plan of a job that does not run is made anew.
    const lane = isRunning ? (await directory.plan())?.lane : undefined
    schedule.adopt(id, project, isRunning, lane)
  }
  for (const { request } of left) {
    queue.occupy(
      queueName(request),
      deploy(request, ports).finally(() => schedule.leave(request.id)),
    )
  }
}
