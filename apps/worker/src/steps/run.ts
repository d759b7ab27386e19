import type { Argv } from '../compose/command.ts'
import type { DeployPorts, Job } from '../job.ts'
import type { Plan, StepName } from '../job-directory.ts'
import type { StepEnd } from '../runner/run-step.ts'

/** Runs a step of the job, or goes on with it; `not-started` when the worker stops. */
export async function run(
  name: StepName,
  argv: Argv,
  { directory, times, log, logger, stop }: Job,
  { timeoutMs }: Pick<Plan, 'timeoutMs'>,
  { followStep, signal }: DeployPorts,
): Promise<StepEnd> {
  logger.debug({ at: `begun ${name}` }, 'Begun')
  if (signal.aborted) return 'not-started'
  const folder = await directory.step(name)
  return times.take(name, () => followStep({ name, folder, argv, timeoutMs }, { log, stop, logger }))
}
