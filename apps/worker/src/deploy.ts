import type { JobRequest, Verdict } from '@redeployster/shared/contract/job'
import { qualifiedName } from '@redeployster/shared/contract/service'
import { isUnreadable } from '@redeployster/shared/redis/unreadable'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { decide, hasBegun } from './decide.ts'
import type { DeployPorts, Job } from './job.ts'
import { openJobDirectory } from './job-directory.ts'
import { openJob } from './open-job.ts'
import { reasonOf } from './reason.ts'
import { saySharers } from './sharers.ts'
import { begin } from './steps/begin.ts'
import { gate } from './steps/gate.ts'
import { pull, sayImages } from './steps/pull.ts'
import { rollBack } from './steps/rollback.ts'
import { takeLane, takeSlot } from './steps/take-lane.ts'
import { up } from './steps/up.ts'
import { trimHistory } from './trim-history.ts'
import { refuseUnkept } from './unkept.ts'
import { interrupted, rejected, stopped, succeeded } from './verdicts.ts'

/**
 * One job from the queue to its verdict. The same story is told again from its begin when a worker was killed in the
 * middle of it: each part finds what has been done, and a step that was started is never started again.
 */
export async function deploy(request: JobRequest, ports: DeployPorts): Promise<void> {
  const logger = ports.logger.child({ job: request.id, service: qualifiedName(request) })
  const directory = await openJobDirectory(ports.stateDir, request, logger).catch(toError)
  if (directory instanceof Error) return refuseUnkept(request, directory, logger, ports)
  try {
    await carryThrough(request, directory, logger, ports).finally(() => ports.running.delete(request.id))
  } catch (error) {
    // Compose may still run: whoever throws leaves the lane, and the queue to the next job.
    if (!ports.signal.aborted) await directory.quiet()
    if (!isUnreadable(error) || (await hasBegun(directory))) throw error
    // No verdict can be kept where somebody else has written, and the jobs behind must not wait for that.
    logger.error({ err: error }, 'Took a job off the queue whose record cannot be read; nothing was started')
    await ports.queues.finish(request)
    await directory.remove()
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

async function carryThrough(
  request: JobRequest,
  directory: Job['directory'],
  logger: Logger,
  ports: DeployPorts,
): Promise<void> {
  const { queues, jobs, running, schedule, signal } = ports
  logger.debug({ at: 'fetched' }, 'Fetched')

  const job = await openJob(request, directory, logger, ports)
  if (job) {
    const told = await carryOut(job, ports)
    running.delete(request.id)
    schedule.freeSlot(request.id)
    if (signal.aborted) return
    const verdict = withShownReason(told, job)
    logger.debug({ at: 'ended' }, 'Ended')
    await saySharers(job, ports)
    if (verdict.reason !== undefined) await job.log.reason(verdict.reason)
    await job.log.drained()
    const { state, exitCode } = await jobs.conclude(request, verdict)
    logger.info({ state, exitCode }, `${qualifiedName(request)} ${state}`)
  }
  logger.debug({ at: 'concluded' }, 'Concluded')
  await queues.finish(request)
  logger.debug({ at: 'finished' }, 'Finished')
  await directory.remove()
  void trimHistory(ports, request)
}

async function carryOut(job: Job, ports: DeployPorts): Promise<Verdict> {
  try {
    return await tell(job, ports)
  } catch (error) {
    if (ports.signal.aborted) return interrupted
    const why = job.stop.reason
    if (!why) job.logger.error({ err: error }, 'Cannot carry out the deploy')
    // No verdict while compose runs: with it the lane is free, and this folder goes.
    await job.directory.quiet()
    const wasTouched = await job.directory.hasStarted('up')
    if (why) return stopped(why, wasTouched)
    return wasTouched ? interrupted : rejected(`the worker failed: ${reasonOf(error)}`)
  }
}

async function tell(job: Job, ports: DeployPorts): Promise<Verdict> {
  const plan = await decide(job, ports)
  if ('exitCode' in plan) return plan
  ports.schedule.know(job.request.id, plan.lane)

  if (plan.pull) await takeSlot(job, ports)
  const noPull = (plan.pull && (await begin(job, ports))) ?? (await pull(job, plan, ports))
  if (noPull) return noPull
  await Promise.all([sayImages(job, plan, ports), takeLane(job, ports)])
  // One that has failed had begun: what is left to do is to roll it back.
  const known = await job.directory.failure()
  const tooLate = known ? undefined : await begin(job, ports)
  if (tooLate) return tooLate

  const failure = known ?? (await up(job, plan, ports)) ?? (await gate(job, plan, ports))
  if (failure === undefined) return succeeded
  return rollBack(job, plan, withShownReason(failure, job), ports)
}

/** A reason names containers, labels and what other programs said: it may hold whatever a line of the log may hold. */
function withShownReason(verdict: Verdict, { log }: Pick<Job, 'log'>): Verdict {
  return verdict.reason === undefined ? verdict : { ...verdict, reason: log.shown(verdict.reason) }
}
