import type { Told } from './callers.ts'

/** A job as history has it in the end. */
export interface Recorded {
  readonly id: string
  readonly state: string
  readonly started: boolean
  readonly exitCode?: number
  /** The lines of its log that compose printed, and the exit codes of its verdict lines. */
  readonly printed: readonly string[]
  readonly verdicts: readonly number[]
}

/** What a run of compose has left. */
export interface Run {
  readonly job: string
  readonly project: string
  readonly service: string
  readonly version: number
  /** Its place among all events. */
  readonly begunAt: number
  /** Not there for one that was killed. */
  readonly endedAt?: number
  readonly exitCode?: number
  readonly isKilled: boolean
  readonly printed: readonly string[]
}

export interface Aftermath {
  readonly told: readonly Told[]
  readonly jobs: readonly Recorded[]
  readonly runs: readonly Run[]
  readonly lanes: Readonly<Record<string, readonly string[]>>
  /** Processes, folders and keys that ought to be gone. */
  readonly leftovers: readonly string[]
  /** Parts that ended without being told to. */
  readonly deaths: readonly string[]
}

/** What is not as it must be, a sentence each; nothing when all is well. */
export function brokenInvariants(aftermath: Aftermath): readonly string[] {
  return [
    everyAcceptedJobHasOneVerdict(aftermath),
    noJobStartsTwice(aftermath),
    everyVerdictIsTrue(aftermath),
    everyCallerIsToldTheVerdict(aftermath),
    nobodyGetsAnOldGreen(aftermath),
    noDeployIsASurprise(aftermath),
    noLanesOverlap(aftermath),
    everyLogIsWhatComposePrinted(aftermath),
    aftermath.leftovers.map((leftover) => `left over: ${leftover}`),
    aftermath.deaths,
  ].flat()
}

type Check = (aftermath: Aftermath) => readonly string[]

const everyAcceptedJobHasOneVerdict: Check = ({ told, jobs }) => {
  const known = new Map(jobs.map((job) => [job.id, job]))
  const accepted = new Set(
    told.filter(({ status }) => status === 200).map(({ job }) => job ?? 'a job without id'),
  )
  const missing = [...accepted].filter((id) => known.get(id)?.exitCode === undefined)
  const several = jobs.filter(({ verdicts, exitCode }) => verdicts.length !== 1 || verdicts[0] !== exitCode)
  return [
    ...missing.map((id) => `${id} was accepted and has no verdict`),
    ...several.map(({ id, verdicts }) => `${id} has the verdicts ${verdicts.join()} in its log`),
  ]
}

const noJobStartsTwice: Check = ({ runs }) => {
  const seen = new Set<string>()
  return runs.flatMap(({ job }) => {
    if (seen.has(job)) return [`${job} was started twice`]
    seen.add(job)
    return []
  })
}

/** SIGKILL. */
const killed = 137

const everyVerdictIsTrue: Check = ({ jobs, runs }) => {
  const runOf = new Map(runs.map((run) => [run.job, run]))
  return jobs.flatMap(({ id, state, started, exitCode }) => {
    const run = runOf.get(id)
    const isGreen = state === 'succeeded' || exitCode === 0
    if (isGreen && run?.exitCode !== 0) return [`${id} is green, and compose did not say so`]
    if (!run && state === 'failed' && exitCode !== killed)
      return [`${id} says ${exitCode}, and compose never ran`]
    if (run && !started) return [`${id} is said not to have started, and it has`]
    if (state === 'failed' && run && exitCode !== (run.exitCode ?? killed))
      return [`${id} says ${exitCode}, compose ${run.exitCode}`]
    return []
  })
}

const everyCallerIsToldTheVerdict: Check = ({ told, jobs }) => {
  const known = new Map(jobs.map((job) => [job.id, job]))
  return told.flatMap(({ job, exitCode }) => {
    if (job === undefined || exitCode === undefined || known.get(job)?.exitCode === exitCode) return []
    return [`a caller was told ${exitCode} for ${job}, history says ${known.get(job)?.exitCode}`]
  })
}

const nobodyGetsAnOldGreen: Check = ({ told, runs }) => {
  const runOf = new Map(runs.map((run) => [run.job, run]))
  return told.flatMap(({ job = '', version, status }) => {
    const run = status === 200 ? runOf.get(job) : undefined
    return run && run.version < version
      ? [`${job} read version ${run.version}, a caller wanted ${version}`]
      : []
  })
}

const noDeployIsASurprise: Check = ({ told, runs }) => {
  const runOf = new Map(runs.map((run) => [run.job, run]))
  const accepted = new Set(told.filter(({ status }) => status === 200).map(({ job }) => job))
  return told.flatMap(({ job = '', status, eventsThen }) => {
    const begunAt = runOf.get(job)?.begunAt ?? -1
    const isSurprise = status === 503 && !accepted.has(job) && begunAt > eventsThen
    return isSurprise ? [`${job} began after its caller was told 503`] : []
  })
}

const noLanesOverlap: Check = ({ runs, lanes }) =>
  runs.flatMap((one, index) =>
    runs.slice(index + 1).flatMap((other) => {
      const isShared =
        one.project === other.project && lanes[one.service]?.some((it) => lanes[other.service]?.includes(it))
      const isTogether = one.begunAt < endOf(other) && other.begunAt < endOf(one)
      return isShared && isTogether ? [`${one.job} and ${other.job} ran together in one lane`] : []
    }),
  )

function endOf({ endedAt, begunAt }: Run): number {
  return endedAt ?? begunAt
}

const everyLogIsWhatComposePrinted: Check = ({ jobs, runs }) => {
  const logOf = new Map(jobs.map(({ id, printed }) => [id, printed]))
  return runs.flatMap(({ job, printed, isKilled }) => {
    const log = logOf.get(job)
    if (!log) return []
    // One that was killed may have died between its two outputs, by one line.
    const isSame = isKilled ? isNearly(log, printed) : log.join('\n') === printed.join('\n')
    return isSame ? [] : [`the log of ${job} has ${log.length} lines, compose printed ${printed.length}`]
  })
}

function isNearly(one: readonly string[], other: readonly string[]): boolean {
  const shorter = Math.min(one.length, other.length)
  return one.slice(0, shorter).join('\n') === other.slice(0, shorter).join('\n')
}
