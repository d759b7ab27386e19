import type { Verdict } from '@redeployster/shared/contract/job'
import { hasBegun } from '../decide.ts'
import { refuseFrozen } from '../frozen.ts'
import type { DeployPorts, Job } from '../job.ts'
import { notStarted } from '../verdicts.ts'

/**
 * From now on the job runs, and its record says so. Resolves to a verdict when it must not: while it waited for a slot or
 * its lane it was given one, or its service was frozen.
 */
export async function begin(job: Job, ports: DeployPorts): Promise<Verdict | undefined> {
  const { request, directory } = job
  for (;;) {
    const begun = await ports.jobs.begin(request, new Date(), await hasBegun(directory))
    if (begun === 'begun') return undefined
    if (begun === 'over') return notStarted
    const frozen = await refuseFrozen(request, ports.freezes)
    if (frozen) return frozen
    // The freeze has ended just now.
  }
}
