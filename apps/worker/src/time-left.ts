import type { JobDirectory, Plan } from './job-directory.ts'
import type { StepTimes } from './step-times.ts'

/**
 * The pull, `up` and the gate of a deploy share one time. What counts is how long they take: neither the wait for the
 * lane between them, nor that for a worker. All of it stands in the steps' folders, so an adopter finds the same.
 */
export async function timeLeftForUpMs(
  directory: Pick<JobDirectory, 'hasStarted'>,
  times: Pick<StepTimes, 'startedAtMs' | 'endedAtMs'>,
  { pull, timeoutMs }: Pick<Plan, 'pull' | 'timeoutMs'>,
): Promise<number> {
  if (pull === undefined) return timeoutMs
  // Of a pull that was lost nobody knows how long it took.
  const last = (await directory.hasStarted('pull-again')) ? 'pull-again' : 'pull'
  return timeoutMs - ((await times.endedAtMs(last)) - (await times.startedAtMs(last)))
}
