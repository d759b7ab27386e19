import type { Verdict } from '@redeployster/shared/contract/job'
import type { Argv } from '../compose/command.ts'
import type { DeployPorts, Job } from '../job.ts'
import type { Plan } from '../job-directory.ts'
import { reasonOf } from '../reason.ts'
import { createStopOrder } from '../stop-order.ts'
import { gateOfRollback } from './gate.ts'
import { run } from './run.ts'

/**
 * Puts the service back on the image that it ran before, when it asks for that. The verdict stays what it was, and says
 * what came of it. The old image gets the service's image name back, so compose finds it under the unchanged file.
 */
export async function rollBack(job: Job, plan: Plan, failure: Verdict, ports: DeployPorts): Promise<Verdict> {
  if (!plan.rollback || !failure.started) return failure
  if (failure.state !== 'failed') return says(failure, 'not rolled back, since only a deploy that failed is')
  try {
    return await mend(job, plan, plan.rollback, failure, ports)
  } catch (error) {
    if (ports.signal.aborted) throw error
    // That the deploy has failed stays known, whatever hinders the rollback: the engine is away, the disk is full.
    job.logger.error({ err: error }, 'Cannot roll back')
    return says(failure, `rolling back failed (${reasonOf(error)}), the service may be down`)
  }
}

async function mend(
  job: Job,
  plan: Plan,
  command: Argv,
  failure: Verdict,
  ports: DeployPorts,
): Promise<Verdict> {
  const { directory, log, logger } = job
  // An earlier worker may have begun: then nothing stands in the way, and the image may have its name back already.
  if ((await directory.failure()) === undefined) {
    const obstacle = await obstacleTo(plan, ports)
    if (obstacle) return says(failure, `not rolled back: ${obstacle}`)
    await directory.writeFailure(failure)
    logger.debug({ at: 'failed' }, 'Failed')
    await log.notice(`${failure.reason ?? 'the deploy failed'}; rolling back to ${plan.before.digest}`)
  }
  await ports.docker.tag(plan.before.imageId ?? '', plan.image)
  logger.debug({ at: 'retagged' }, 'Gave the image its name back')
  // An order to stop the deploy does not stop what mends it.
  const end = await run('rollback', command, { ...job, stop: createStopOrder() }, plan, ports)
  if (end !== 0) return says(failure, `rolling back failed (exit code ${end}), the service may be down`)
  const again = await gateOfRollback(job, plan, ports)
  if (again) return says(failure, `rolled back to ${plan.before.digest}, which does not work either`)
  return says(failure, `rolled back to ${plan.before.digest}`)
}

async function obstacleTo({ image, before }: Plan, { docker }: DeployPorts): Promise<string | undefined> {
  const old = before.imageId === undefined ? undefined : await docker.image(before.imageId)
  if (old === undefined) return 'there is no image that ran before'
  if (image.includes('@')) return 'the compose file pins the image by digest; write the old digest there'
  const now = await docker.image(image)
  if (now?.id === old.id) return 'the image that ran before is the same one'
  return undefined
}

function says(failure: Verdict, what: string): Verdict {
  return { ...failure, reason: failure.reason === undefined ? what : `${failure.reason}; ${what}` }
}
