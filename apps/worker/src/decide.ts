import type { Verdict } from '@redeployster/shared/contract/job'
import { isConfirmed, unconfirmed } from './confirmation.ts'
import { refuseFrozen } from './frozen.ts'
import type { DeployPorts, Job } from './job.ts'
import type { Plan } from './job-directory.ts'
import { expired, interrupted, rejected, stopped, unreadable } from './verdicts.ts'

/** What the job will do, or the verdict when it must not begin. An earlier worker's plan stands. */
export async function decide(job: Job, ports: DeployPorts): Promise<Plan | Verdict> {
  return (await adoptedPlan(job, ports)) ?? (await plan(job, ports))
}

/** The plan of a job whose steps an earlier worker has begun. */
async function adoptedPlan(
  { request, directory, log, logger }: Job,
  { jobs, readSecrets }: DeployPorts,
): Promise<Plan | undefined> {
  if (!(await hasBegun(directory))) return undefined
  logger.info('Goes on with a deploy that an earlier worker started')
  // Redis may have been emptied since, but this job was confirmed, and its verdict needs a record.
  await jobs.restore(request)
  const plan = await directory.plan()
  // Nobody knows any more what it does, so it keeps what it holds until it has ended.
  if (plan === undefined) await directory.quiet()
  if (plan?.config) {
    const secrets = readSecrets(plan.config).catch((error: unknown) => {
      // Compose may run: to follow it is worth more than to hide what it prints.
      logger.error({ err: error }, 'Cannot read what the log must not show')
      return []
    })
    log.hide(await secrets)
  }
  return plan
}

/** Whether a step of the job was ever started. */
export async function hasBegun(directory: Job['directory']): Promise<boolean> {
  return (await directory.hasStarted('pull')) || (await directory.hasStarted('up'))
}

async function plan(job: Job, { queues, jobs, freezes, look, signal }: DeployPorts): Promise<Plan | Verdict> {
  const { request, record, directory, log, logger, stop } = job
  const wasBegun = record?.startedAt !== undefined
  const isLate = Date.now() > Date.parse(request.startBy)
  if ((wasBegun || isLate) && (await directory.plan()) === undefined) {
    // Begun, and nothing here says what: the state directory was emptied, or is another one. It must not start twice.
    // One with a plan was taken in time, and has only waited since.
    return wasBegun ? interrupted : expired
  }

  // Whoever joined until now asked before we look, so what we see is what he asked for. From here on nobody joins.
  await queues.releaseJoinKey(request)
  logger.debug({ at: 'released' }, 'Released the join key')
  if (stop.reason) return stopped(stop.reason, false)

  const [frozen, seen] = await Promise.all([refuseFrozen(request, freezes), look(request)])
  if (frozen) return frozen
  if (seen.kind === 'rejected') return rejected(seen.reason)
  if (seen.kind === 'unreadable') {
    await log.lines(seen.output, { step: 'config', offset: 0 })
    return unreadable(seen.exitCode)
  }
  log.hide(seen.secrets)
  if (!record && !(await isConfirmed(request, jobs, signal))) return rejected(unconfirmed)
  await directory.writePlan(seen.plan)
  logger.debug({ at: 'planned' }, 'Planned')
  return seen.plan
}
