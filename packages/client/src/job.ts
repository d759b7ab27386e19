import type { JobRecord, JobState } from '@redeployster/shared/contract/job'

/** A job as the API shows it, as far as a client looks at it. */
export type Job = Pick<
  JobRecord,
  | 'project'
  | 'service'
  | 'acceptedAt'
  | 'startedAt'
  | 'finishedAt'
  | 'started'
  | 'exitCode'
  | 'reason'
  | 'imageBefore'
  | 'imageAfter'
> & { readonly id: string; readonly state: JobState }

/** What ended a job; `exitCode` is what the client exits with. */
export type Ending = Pick<Job, 'id' | 'state' | 'started' | 'reason'> & { readonly exitCode: number }

/**
 * Reads by hand what the API checked with its schema before it said it: the schemas would be half of the client. What
 * the client acts upon is checked, the rest is only shown.
 */
export function readJob(value: unknown): Job | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { id, state, project, service, exitCode } = value as Record<string, unknown>
  if (!isJobId(id) || ![state, project, service].every((it) => typeof it === 'string')) return undefined
  if (exitCode !== undefined && !isExitCode(exitCode)) return undefined
  return value as Job
}

export function readEnding(value: unknown): Ending | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { id, state, exitCode } = value as Record<string, unknown>
  return isJobId(id) && typeof state === 'string' && isExitCode(exitCode) ? (value as Ending) : undefined
}

/** A job's end, once it has one. */
export function endingOf({ id, state, started, exitCode, reason }: Job): Ending | undefined {
  return exitCode === undefined ? undefined : { id, state, started, exitCode, ...(reason && { reason }) }
}

/** It becomes part of paths. */
export function isJobId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)
}

function isExitCode(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255
}
