import type { JobRecord, JobState } from '@redeployster/shared/contract/job'
import { ClientError } from './client-error.ts'

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
  if (exitCode !== undefined && !isVerdict(state, exitCode)) return undefined
  return value as Job
}

export function readEnding(value: unknown): Ending | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { id, state, exitCode } = value as Record<string, unknown>
  return isJobId(id) && isVerdict(state, exitCode) ? (value as Ending) : undefined
}

/** A job's end, once it has one. */
export function endingOf({ id, state, started, exitCode, reason }: Job): Ending | undefined {
  return exitCode === undefined ? undefined : { id, state, started, exitCode, ...(reason && { reason }) }
}

/** The id that somebody has typed. */
export function jobIdIn(text: string): string {
  if (isJobId(text)) return text.toLowerCase()
  throw new ClientError(`${JSON.stringify(text)} is no job: its id stands in the first line of its log`)
}

/** It becomes part of paths. */
function isJobId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)
}

/** 0 if and only if it succeeded: what contradicts itself is no verdict. */
function isVerdict(state: unknown, exitCode: unknown): boolean {
  if (typeof state !== 'string' || typeof exitCode !== 'number' || !Number.isInteger(exitCode)) return false
  return exitCode >= 0 && exitCode <= 255 && (exitCode === 0) === (state === 'succeeded')
}
