import type { Verdict } from '@redeployster/shared/contract/job'
import type { DeployPorts, Job } from '../job.ts'
import type { Plan } from '../job-directory.ts'
import { timeLeftForUpMs } from '../time-left.ts'
import { failureOfUp, stopped } from '../verdicts.ts'
import { run } from './run.ts'

/** Resolves to what went wrong, or to nothing. */
export async function up(job: Job, plan: Plan, ports: DeployPorts): Promise<Verdict | undefined> {
  const { directory, times, stop } = job
  const timeoutMs = await timeLeftForUpMs(directory, times, plan)
  if (!(await directory.hasStarted('up'))) {
    // A pull that no worker watched may have taken all of it.
    if (timeoutMs <= 0) await stop.give('timeout')
    if (stop.reason) return stopped(stop.reason, false)
  }
  const end = await run('up', plan.up, job, { timeoutMs }, ports)
  // A run that ends well in spite of the order has done its work.
  return end !== 0 && stop.reason ? stopped(stop.reason, await directory.hasStarted('up')) : failureOfUp(end)
}
