import { isFinal, type JobRequest, type Verdict } from '@redeployster/shared/contract/job'
import { qualifiedName } from '@redeployster/shared/contract/service'
import type { Jobs } from '@redeployster/shared/jobs/jobs'
import type { LogWriter } from '@redeployster/shared/log/log'
import type { HostQueues } from '@redeployster/shared/queue/queue'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { openJobDirectory, type JobDirectory, type Plan } from './job-directory.ts'
import { openJobLog, type JobLog } from './job-log.ts'
import type { Look } from './look.ts'
import { isStarted } from './runner/run-step.ts'
import type { FollowStep } from './runner/follow-step.ts'
import type { Schedule } from './schedule/schedule.ts'
import { expired, interrupted, rejected, unreadable, verdictOfUp } from './verdicts.ts'

export interface DeployPorts {
  readonly stateDir: string
  readonly queues: HostQueues
  readonly jobs: Jobs
  readonly logWriter: LogWriter
  readonly schedule: Schedule
  /** Looks at the service as it is now, and decides what to run. */
  readonly look: (request: JobRequest) => Promise<Look>
  /** Runs a step, or waits for one that runs, and puts what it prints into the log. */
  readonly followStep: FollowStep
  readonly logger: Logger
  /** Aborts when the worker stops: what runs then goes on without it. */
  readonly signal: AbortSignal
}

interface Job {
  readonly request: JobRequest
  readonly directory: JobDirectory
  readonly log: JobLog
  readonly logger: Logger
}

/**
 * One job from the queue to its verdict. The same story is told again from its begin when a worker was killed in the
 * middle of it: each part finds what has been done, and a step that was started is never started again.
 */
export async function deploy(request: JobRequest, ports: DeployPorts): Promise<void> {
  const { queues, jobs, logWriter, signal } = ports
  const logger = ports.logger.child({ job: request.id, service: qualifiedName(request) })
  await jobs.accept(request)
  const directory = await openJobDirectory(ports.stateDir, request)
  logger.debug({ at: 'fetched' }, 'Fetched')

  const record = await jobs.get(request.id)
  if (!record || !isFinal(record)) {
    const log = await openJobLog(logWriter, request.id)
    const verdict = await carryOut({ request, directory, log, logger }, ports)
    if (signal.aborted) return
    logger.debug({ at: 'ended' }, 'Ended')
    if (verdict.reason !== undefined) await log.notice(verdict.reason)
    const standing = await jobs.conclude(request, verdict)
    logger.info(
      { state: standing.state, exitCode: standing.exitCode },
      `${qualifiedName(request)} ${standing.state}`,
    )
  }
  logger.debug({ at: 'concluded' }, 'Concluded')
  await queues.finish(request)
  logger.debug({ at: 'finished' }, 'Finished')
  await directory.remove()
}

async function carryOut(job: Job, ports: DeployPorts): Promise<Verdict> {
  try {
    if (await isStarted(await job.directory.step('up'))) return await adoptUp(job, ports)
    return await startUp(job, ports)
  } catch (error) {
    if (ports.signal.aborted) return interrupted
    job.logger.error({ err: error }, 'Cannot carry out the deploy')
    const wasStarted = await isStarted(await job.directory.step('up'))
    return wasStarted
      ? interrupted
      : rejected(`the worker failed: ${error instanceof Error ? error.message : ''}`)
  }
}

async function startUp(job: Job, ports: DeployPorts): Promise<Verdict> {
  const { request, directory, log, logger } = job
  const { queues, jobs, schedule, look, signal } = ports
  if (Date.now() > Date.parse(request.startBy)) return expired

  // Whoever joined until now asked before we look, so what we see is what he asked for. From here on nobody joins.
  await queues.releaseJoinKey(request)
  logger.debug({ at: 'released' }, 'Released the join key')

  const seen = await look(request)
  if (seen.kind === 'rejected') return rejected(seen.reason)
  if (seen.kind === 'unreadable') {
    await log.lines(seen.output, { step: 'config', offset: 0 })
    return unreadable(seen.exitCode)
  }
  await directory.writePlan(seen.plan)
  logger.debug({ at: 'planned' }, 'Planned')

  await schedule.takeLane(request.id, seen.plan.lane, (blocker) =>
    log.notice(`waiting for job ${blocker}, which may touch the same services`),
  )
  logger.debug({ at: 'lane' }, 'Holds its lane')
  if (!(await jobs.begin(request.id, new Date()))) return interrupted
  logger.debug({ at: 'begun' }, 'Begun')
  if (signal.aborted) return interrupted
  return runUp(job, seen.plan, ports)
}

async function adoptUp(job: Job, ports: DeployPorts): Promise<Verdict> {
  const plan = await job.directory.plan()
  if (plan === undefined) return interrupted
  job.logger.info('Goes on with a deploy that an earlier worker started')
  return runUp(job, plan, ports)
}

async function runUp(
  { directory, log, logger }: Job,
  { argv }: Plan,
  { followStep }: DeployPorts,
): Promise<Verdict> {
  const end = await followStep('up', await directory.step('up'), argv, log, logger)
  return verdictOfUp(end)
}
