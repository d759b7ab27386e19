import type { JobDirectory, StepName } from './job-directory.ts'
import { steadyNowMs, toSteadyMs } from './steady-clock.ts'

/** When the steps of a job began and ended, on the steady clock. */
export interface StepTimes {
  /** Runs a step, and notes when it begins and ends; one that has begun before is only awaited. */
  take<End>(name: StepName, run: () => Promise<End>): Promise<End>
  startedAtMs(name: StepName): Promise<number>
  endedAtMs(name: StepName): Promise<number>
}

/**
 * What this worker has seen itself counts, so that setting the clock of the machine ends no deploy and passes no gate.
 * Of what an earlier worker began only the times of the files are known, which are the wall clock's.
 */
export function createStepTimes(
  directory: Pick<JobDirectory, 'hasStarted' | 'startedAtMs' | 'endedAtMs'>,
): StepTimes {
  const started = new Map<StepName, number>()
  const ended = new Map<StepName, number>()
  return {
    async take(name, run) {
      const isOurs = !(await directory.hasStarted(name))
      if (isOurs) started.set(name, steadyNowMs())
      const end = await run()
      if (isOurs) ended.set(name, steadyNowMs())
      return end
    },
    startedAtMs: async (name) => started.get(name) ?? toSteadyMs(await directory.startedAtMs(name)),
    endedAtMs: async (name) => ended.get(name) ?? toSteadyMs(await directory.endedAtMs(name)),
  }
}
