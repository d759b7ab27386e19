import { v7 } from 'uuid'
import { z } from 'zod'
import { deployer } from './deployer.ts'
import { serviceKey } from './service.ts'

export const jobId = z.uuid().brand('JobId')
export type JobId = z.infer<typeof jobId>

/** Version 7: ids made later sort behind ids made before. */
export function newJobId(): JobId {
  return jobId.parse(v7())
}

export const finalStates = [
  'succeeded',
  'failed',
  'timed-out',
  'cancelled',
  'interrupted',
  'expired',
  'rejected',
] as const
export const jobState = z.enum(['queued', 'running', ...finalStates])
export type JobState = z.infer<typeof jobState>

/** What travels on the queue: names, dates and a proof, never a path, a command or a token. */
export const jobRequest = serviceKey.extend({
  id: jobId,
  acceptedAt: z.iso.datetime(),
  startBy: z.iso.datetime(),
  tokenDigest: z.string(),
  proof: z.string(),
  /** Who asked for it, if it was by an identity token. */
  by: deployer.optional(),
})
export type JobRequest = Readonly<z.infer<typeof jobRequest>>

export const verdict = z.object({
  state: z.enum(finalStates),
  exitCode: z.number().int().min(0).max(255),
  /** False: nothing was touched, so the request is safe to repeat. */
  started: z.boolean(),
  reason: z.string().optional(),
  /** Its reason is no line of the log, since no worker wrote it: whoever shows the verdict says it. */
  isUnsaid: z.literal(true).optional(),
})
/** The final state and the exit code of a job, written once. Exit code 0 if and only if `succeeded`. */
export type Verdict = Readonly<z.infer<typeof verdict>>

export const jobRecord = serviceKey.extend({
  id: jobId,
  state: jobState,
  started: z.boolean(),
  acceptedAt: z.iso.datetime(),
  startBy: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
  exitCode: z.number().int().optional(),
  reason: z.string().optional(),
  /** Digests of the image that ran before, and of the one that was deployed. */
  imageBefore: z.string().optional(),
  imageAfter: z.string().optional(),
  cancelAsked: z.boolean().optional(),
  requests: z.number().int(),
  /** Of those who share it, the first. */
  by: deployer.optional(),
  tokenDigest: z.string(),
})
export type JobRecord = Readonly<z.infer<typeof jobRecord>>

export function isFinal(record: Pick<JobRecord, 'exitCode'>): boolean {
  return record.exitCode !== undefined
}

/** Exit codes that are ours; all others are compose's own. */
export const exitCode = {
  timedOut: 124,
  unknown: 125,
  rejected: 126,
  noCompose: 127,
  cancelled: 130,
} as const
