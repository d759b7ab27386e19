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

/** What a run of compose, for one step of a job, has left. */
export interface Run {
  readonly job: string
  readonly step: string
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
  /** The jobs of which a runner or a compose was killed. */
  readonly struckJobs: readonly string[]
  readonly lanes: Readonly<Record<string, readonly string[]>>
  /** Processes, folders and keys that ought to be gone. */
  readonly leftovers: readonly string[]
  /** Parts that ended without being told to. */
  readonly deaths: readonly string[]
}

/** What is not as it must be, a sentence each; nothing when all is well. */
export function brokenInvariants(aftermath: Aftermath): readonly string[] {
  return [
    everyAnswerIsExpected(aftermath),
    everyAcceptedJobHasOneVerdict(aftermath),
    noStepStartsTwice(aftermath),
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

/** The token is right, and each service is there: whoever is refused hears that he may come again. */
const everyAnswerIsExpected: Check = ({ told }) =>
  told.flatMap(({ status, service }) =>
    status === undefined || status === 200 || status === 503
      ? []
      : [`a caller was answered ${status} for ${service}`],
  )

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

/** A pull whose end was lost is repeated as a step of its own, `pull-again`. */
const noStepStartsTwice: Check = ({ runs }) => {
  const seen = new Set<string>()
  return runs.flatMap(({ job, step }) => {
    const name = `${step} of ${job}`
    if (seen.has(name)) return [`${name} was started twice`]
    seen.add(name)
    return []
  })
}

/** SIGKILL. */
const killed = 137

const everyVerdictIsTrue: Check = ({ jobs, runs, struckJobs }) =>
  jobs.flatMap((job) => {
    const own = runs.filter((run) => run.job === job.id)
    const untruth = untruthOf(job, own, struckJobs.includes(job.id))
    return untruth === undefined ? [] : [`${job.id} ${untruth}`]
  })

function untruthOf(job: Recorded, runs: readonly Run[], isStruck: boolean): string | undefined {
  const { state, started, exitCode = -1 } = job
  const up = runs.find(({ step }) => step === 'up')
  const pull = runs.findLast(({ step }) => step.startsWith('pull'))
  const last = up ?? pull
  if (state === 'succeeded' || exitCode === 0) {
    if (up?.exitCode !== 0) return 'is green, and compose did not say so'
    if (pull && pull.exitCode !== 0) return 'is green, and its pull was not'
  }
  if (up && !started) return 'is said not to have started, and it has'
  // One that was killed may have died before it could write that it has begun.
  if (!up && started && !isStruck) return 'is said to have started, and it has not'
  if (state === 'interrupted' && !isStruck) return 'is of unknown end, and nobody has killed it'
  if (state !== 'failed') return undefined
  if (!last) return isStruck && exitCode === killed ? undefined : `says ${exitCode}, and compose never ran`
  const codes = last.isKilled ? [killed, last.exitCode] : [last.exitCode]
  return codes.includes(exitCode) ? undefined : `says ${exitCode}, compose ${last.exitCode}`
}

const everyCallerIsToldTheVerdict: Check = ({ told, jobs }) => {
  const known = new Map(jobs.map((job) => [job.id, job]))
  return told.flatMap(({ job, exitCode }) => {
    if (job === undefined || exitCode === undefined || known.get(job)?.exitCode === exitCode) return []
    return [`a caller was told ${exitCode} for ${job}, history says ${known.get(job)?.exitCode}`]
  })
}

/** Also not of an old image: whoever comes after the pull has begun gets a job of his own. */
const nobodyGetsAnOldGreen: Check = ({ told, runs }) => {
  const runsOf = byJob(runs)
  return told.flatMap(({ job = '', version, status }) => {
    const old = status === 200 ? runsOf.get(job)?.find((run) => run.version < version) : undefined
    return old ? [`${old.step} of ${job} read version ${old.version}, a caller wanted ${version}`] : []
  })
}

const noDeployIsASurprise: Check = ({ told, runs }) => {
  const runsOf = byJob(runs)
  const accepted = new Set(told.filter(({ status }) => status === 200).map(({ job }) => job))
  return told.flatMap(({ job = '', status, eventsThen }) => {
    const isLater = runsOf.get(job)?.some(({ begunAt }) => begunAt > eventsThen)
    const isSurprise = status === 503 && !accepted.has(job) && isLater
    return isSurprise ? [`${job} began after its caller was told 503`] : []
  })
}

/** A job keeps its lane from the begin of its \`up\` to the end of its rollback. */
const noLanesOverlap: Check = ({ runs, lanes }) => {
  const inLanes = runs.filter(({ step }) => step === 'up' || step === 'rollback')
  const stays = [...byJob(inLanes).values()].flatMap(([first, ...others]) =>
    first ? [{ ...first, leftAt: Math.max(...[first, ...others].map(endOf)) }] : [],
  )
  return stays.flatMap((one, index) =>
    stays.slice(index + 1).flatMap((other) => {
      const isShared =
        one.project === other.project && lanes[one.service]?.some((it) => lanes[other.service]?.includes(it))
      const isTogether = one.begunAt < other.leftAt && other.begunAt < one.leftAt
      return isShared && isTogether ? [`${one.job} and ${other.job} ran together in one lane`] : []
    }),
  )
}

function byJob(runs: readonly Run[]): ReadonlyMap<string, readonly Run[]> {
  const found = new Map<string, Run[]>()
  for (const run of runs) found.set(run.job, [...(found.get(run.job) ?? []), run])
  return found
}

function endOf({ endedAt, begunAt }: Run): number {
  return endedAt ?? begunAt
}

const everyLogIsWhatComposePrinted: Check = ({ jobs, runs }) => {
  const logOf = new Map(jobs.map(({ id, printed }) => [id, printed]))
  return runs.flatMap(({ job, step, printed, isKilled }) => {
    const log = logOf.get(job)?.filter((line) => line.endsWith(` in ${step}`))
    if (!log) return []
    // One that was killed may have died between its two outputs, by one line.
    const isSame = isKilled ? isNearly(log, printed) : log.join('\n') === printed.join('\n')
    const counts = `${log.length} lines of ${step}, compose printed ${printed.length}`
    return isSame ? [] : [`the log of ${job} has ${counts}`]
  })
}

function isNearly(one: readonly string[], other: readonly string[]): boolean {
  const shorter = Math.min(one.length, other.length)
  return one.slice(0, shorter).join('\n') === other.slice(0, shorter).join('\n')
}
