import { isFinal, type JobRequest, type Verdict } from '@redeployster/shared/contract/job'
import { qualifiedName } from '@redeployster/shared/contract/service'
import { isUnreadable } from '@redeployster/shared/redis/unreadable'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { isConfirmed, unconfirmed } from './confirmation.ts'
import { refuseFrozen } from './frozen.ts'
import type { DeployPorts, Job } from './job.ts'
import { openJobDirectory, type Plan } from './job-directory.ts'
import { openJobLog } from './job-log.ts'
import { reasonOf } from './reason.ts'
import { saySharers } from './sharers.ts'
import { gate } from './steps/gate.ts'
import { pull } from './steps/pull.ts'
import { rollBack } from './steps/rollback.ts'
import { up } from './steps/up.ts'
import { createStepTimes } from './step-times.ts'
import { createStopOrder } from './stop-order.ts'
import { trimHistory } from './trim-history.ts'
import { refuseUnkept } from './unkept.ts'
import { expired, interrupted, rejected, stopped, succeeded, unreadable } from './verdicts.ts'

/**
 * One job from the queue to its verdict. The same story is told again from its begin when a worker was killed in the
 * middle of it: each part finds what has been done, and a step that was started is never started again.
 */
export async function deploy(request: JobRequest, ports: DeployPorts): Promise<void> {
  const logger = ports.logger.child({ job: request.id, service: qualifiedName(request) })
  const directory = await openJobDirectory(ports.stateDir, request, logger).catch(toError)
  if (directory instanceof Error) return refuseUnkept(request, directory, logger, ports)
  try {
    await carryThrough(request, directory, logger, ports)
  } catch (error) {
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
  const { queues, jobs, signal } = ports
  logger.debug({ at: 'fetched' }, 'Fetched')

  const record = await jobs.get(request.id)
  if (!record || !isFinal(record)) {
    const job = await openJob(request, directory, logger, ports)
    const told = await carryOut(job, ports).finally(() => ports.running.delete(request.id))
    if (signal.aborted) return
    const verdict = withShownReason(told, job)
    logger.debug({ at: 'ended' }, 'Ended')
    await saySharers(job, ports)
    if (verdict.reason !== undefined) await job.log.notice(verdict.reason)
    await job.log.drained()
    const { state, exitCode } = await jobs.conclude(request, verdict)
    logger.info({ state, exitCode }, `${qualifiedName(request)} ${state}`)
  }
  logger.debug({ at: 'concluded' }, 'Concluded')
  await queues.finish(request)
  logger.debug({ at: 'finished' }, 'Finished')
  await directory.remove()
  await trimHistory(ports, request)
}

async function openJob(
  request: JobRequest,
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
  return { request, directory, times: createStepTimes(directory), log, logger, stop }
}

async function carryOut(job: Job, ports: DeployPorts): Promise<Verdict> {
  try {
    return await tell(job, ports)
  } catch (error) {
    if (ports.signal.aborted) return interrupted
    const wasTouched = await job.directory.hasStarted('up')
    if (job.stop.reason) return stopped(job.stop.reason, wasTouched)
    job.logger.error({ err: error }, 'Cannot carry out the deploy')
    return wasTouched ? interrupted : rejected(`the worker failed: ${reasonOf(error)}`)
  }
}

async function tell(job: Job, ports: DeployPorts): Promise<Verdict> {
  const plan = (await adoptedPlan(job, ports)) ?? (await decide(job, ports))
  if ('exitCode' in plan) return plan

  const noPull = await pull(job, plan, ports)
  if (noPull) return noPull
  await takeLane(job, plan, ports)
  // The wait may have been long. A job that has pulled has begun, and goes on.
  const tooLate = (await hasBegun(job.directory)) ? undefined : await refuseFrozen(job.request, ports.freezes)
  if (tooLate) return tooLate

  const failure =
    (await job.directory.failure()) ?? (await up(job, plan, ports)) ?? (await gate(job, plan, ports))
  if (failure === undefined) return succeeded
  return rollBack(job, plan, withShownReason(failure, job), ports)
}

/** A reason names containers, labels and what other programs said: it may hold whatever a line of the log may hold. */
function withShownReason(verdict: Verdict, { log }: Pick<Job, 'log'>): Verdict {
  return verdict.reason === undefined ? verdict : { ...verdict, reason: log.shown(verdict.reason) }
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
  if (plan?.config) log.hide(await readSecrets(plan.config))
  return plan
}

async function hasBegun(directory: Job['directory']): Promise<boolean> {
  return (await directory.hasStarted('pull')) || (await directory.hasStarted('up'))
}

async function decide(
  job: Job,
  { queues, jobs, freezes, look, signal }: DeployPorts,
): Promise<Plan | Verdict> {
  const { request, directory, log, logger, stop } = job
  // Begun, and nothing here says what: the state directory was emptied, or is another one. It must not start twice.
  const isForgotten =
    (await directory.plan()) === undefined && (await jobs.get(request.id))?.startedAt !== undefined
  if (isForgotten) return interrupted
  if (Date.now() > Date.parse(request.startBy)) return expired

  // Whoever joined until now asked before we look, so what we see is what he asked for. From here on nobody joins.
  await queues.releaseJoinKey(request)
  logger.debug({ at: 'released' }, 'Released the join key')
  if (stop.reason) return stopped(stop.reason, false)

  const frozen = await refuseFrozen(request, freezes)
  if (frozen) return frozen
  const seen = await look(request)
  if (seen.kind === 'rejected') return rejected(seen.reason)
  if (seen.kind === 'unreadable') {
    await log.lines(seen.output, { step: 'config', offset: 0 })
    return unreadable(seen.exitCode)
  }
  log.hide(seen.secrets)
  if (!(await isConfirmed(request, jobs, signal))) return rejected(unconfirmed)
  await directory.writePlan(seen.plan)
  logger.debug({ at: 'planned' }, 'Planned')
  return seen.plan
}

/** Rejects when the job is stopped while it waits. */
async function takeLane(
  { request, log, logger, stop }: Job,
  { lane }: Plan,
  { schedule, jobs }: DeployPorts,
) {
  const taken = schedule.takeLane(request.id, lane, async (blocker) => {
    await jobs.wait(request.id)
    await log.notice(`waiting for job ${blocker}, which may touch the same services`)
  })
  await Promise.race([taken, aborted(stop.signal)])
  logger.debug({ at: 'lane' }, 'Holds its lane')
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Error('The job was stopped'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
