import type { Argv } from '../compose/command.ts'
import type { DeployPorts, Job } from '../job.ts'
import type { Plan, StepName } from '../job-directory.ts'
import type { StepEnd } from '../runner/run-step.ts'

/** Runs a step of the job, or goes on with it; `not-started` when the job was concluded meanwhile or the worker stops. */
export async function run(
  name: StepName,
  argv: Argv,
  { request, directory, times, log, logger, stop }: Job,
  { timeoutMs }: Pick<Plan, 'timeoutMs'>,
  { jobs, followStep, signal }: DeployPorts,
): Promise<StepEnd> {
  // A rollback does not ask: a job whose `up` has begun cannot be concluded, and it may be Redis that has to be put back.
  const hasBegun = name === 'rollback' || (await jobs.begin(request.id, new Date()))
  logger.debug({ at: `begun ${name}` }, 'Begun')
  if (!hasBegun || signal.aborted) return 'not-started'
  const folder = await directory.step(name)
  return times.take(name, () => followStep({ name, folder, argv, timeoutMs }, { log, stop, logger }))
}
