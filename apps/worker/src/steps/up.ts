import type { Verdict } from '@redeployster/shared/contract/job'
import type { DeployPorts, Job } from '../job.ts'
import type { Plan } from '../job-directory.ts'
import { failureOfUp, stopped } from '../verdicts.ts'
import { run } from './run.ts'

/** Resolves to what went wrong, or to nothing. */
export async function up(job: Job, plan: Plan, ports: DeployPorts): Promise<Verdict | undefined> {
  if (job.stop.reason && !(await job.directory.hasStarted('up'))) return stopped(job.stop.reason, false)
  const end = await run('up', plan.up, job, plan, ports)
  // A run that ends well in spite of the order has done its work.
  return end !== 0 && job.stop.reason ? stopped(job.stop.reason, true) : failureOfUp(end)
}
