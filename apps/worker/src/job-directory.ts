import { jobRequest, verdict, type JobRequest, type Verdict } from '@redeployster/shared/contract/job'
import type { Logger } from '@redeployster/shared/runtime/logger'
import fs from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { endOfStep, isStarted } from './runner/run-step.ts'
import { readWhole, writeWhole } from './whole-file.ts'

const argv = z.tuple([z.string()], z.string())

const plan = z.object({
  lane: z.array(z.string()),
  /** Prints what the log must not show; such values are never written down. */
  config: argv.optional(),
  /** Not there: the image is not pulled. */
  pull: argv.optional(),
  up: argv,
  /** Not there: a deploy that fails is left as it is. */
  rollback: argv.optional(),
  image: z.string(),
  /** What that name stands for; not there when it is pulled, or is no image yet. */
  local: z.object({ id: z.string(), digests: z.array(z.string()) }).optional(),
  gateMs: z.number(),
  timeoutMs: z.number(),
  /** What ran before. */
  before: z.object({
    imageId: z.string().optional(),
    digest: z.string().optional(),
    /** Those of the whole lane. */
    containers: z.array(z.object({ id: z.string(), startedAtMs: z.number(), ran: z.boolean() })),
  }),
})
/** What was decided before the first step; an adopter goes by it. */
export type Plan = Readonly<z.infer<typeof plan>>

const stopReason = z.enum(['timeout', 'cancel'])
export type StopReason = z.infer<typeof stopReason>

/** The steps that a runner runs, in their order. `pull-again`: when the first pull was lost. */
export const stepNames = ['pull', 'pull-again', 'up', 'rollback'] as const
export type StepName = (typeof stepNames)[number]

/** A job's folder on the host: what a worker that comes after needs to go on. */
export interface JobDirectory {
  readonly request: JobRequest
  /** The folder of a step; made when it is not there. */
  step(name: StepName): Promise<string>
  hasStarted(name: StepName): Promise<boolean>
  /** Resolves when nothing of it runs any more. */
  quiet(): Promise<void>
  /** When a step that has been started was. */
  startedAtMs(name: StepName): Promise<number>
  /** When a step has ended. */
  endedAtMs(name: StepName): Promise<number>
  plan(): Promise<Plan | undefined>
  writePlan(plan: Plan): Promise<void>
  /** Why the job has to end before its time. */
  stopReason(): Promise<StopReason | undefined>
  writeStopReason(reason: StopReason): Promise<void>
  /** Why the deploy has failed, once it is being rolled back. */
  failure(): Promise<Verdict | undefined>
  writeFailure(failure: Verdict): Promise<void>
  /** Forgets the job, once its verdict is written. */
  remove(): Promise<void>
}

/** Ends the name of a folder that is being removed: without its request, but with its steps, it would look like a job. */
export const removed = '.removed'

export const jobsIn = (stateDir: string) => path.join(stateDir, 'jobs')

export async function openJobDirectory(
  stateDir: string,
  request: JobRequest,
  logger: Logger,
): Promise<JobDirectory> {
  const folder = path.join(jobsIn(stateDir), request.id)
  const file = path.join(folder, 'request.json')
  const isNew = await makeFolder(folder)
  // Written once: who goes on with what runs needs no room for it.
  if (isNew || (await readWhole(file, requestOf(request.id), logger)) === undefined) {
    await writeWhole(file, request).catch(async (error: unknown) => {
      // What is in it, but for this, is there to stay.
      await fs.rm(`${file}.tmp`, { force: true })
      await fs.rmdir(folder).catch(() => {})
      throw error
    })
  }
  return jobDirectory(folder, request, logger, { isNew })
}

/** Resolves to whether it was not there. Not by `recursive`, which says ENOENT of a disk that is read-only. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await fs.mkdir(folder, { mode: 0o700 })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code !== 'ENOENT') throw error
  }
  await fs.mkdir(path.dirname(folder), { recursive: true, mode: 0o700 })
  return makeFolder(folder)
}

/** Its id has to be that of its folder, or another job would be gone on with. */
export function requestOf(id: string) {
  return jobRequest.refine((request) => request.id === id)
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}

/** `isNew`: nobody has put anything into it yet. */
export function jobDirectory(
  folder: string,
  request: JobRequest,
  logger: Logger,
  { isNew }: { readonly isNew: boolean },
): JobDirectory {
  // What nobody can have put there need not be looked for.
  const put = new Set<string>()
  const mayHold = (name: string) => !isNew || put.has(name)
  async function read<Schema extends z.ZodType>(name: string, schema: Schema) {
    return mayHold(name) ? readWhole(path.join(folder, name), schema, logger) : undefined
  }
  async function write(name: string, value: unknown) {
    put.add(name)
    await writeWhole(path.join(folder, name), value)
  }
  const hasStarted = async (name: StepName) => mayHold(name) && isStarted(path.join(folder, name))
  let decided: Plan | undefined
  return {
    request,
    async step(name) {
      put.add(name)
      const step = path.join(folder, name)
      // Not the job's folder, too: it is gone when another worker has concluded the job.
      await fs.mkdir(step, { mode: 0o700 }).catch(unlessThere)
      return step
    },
    hasStarted,
    async quiet() {
      for (const name of stepNames) if (await hasStarted(name)) await endOfStep(path.join(folder, name))
    },
    startedAtMs: async (name) => (await fs.stat(path.join(folder, name, 'started'))).mtimeMs,
    endedAtMs: async (name) => (await fs.stat(path.join(folder, name, 'exit'))).mtimeMs,
    plan: async () => (decided ??= await read('plan.json', plan)),
    async writePlan(made) {
      await write('plan.json', made)
      decided = made
    },
    stopReason: () => read('stop.json', stopReason),
    writeStopReason: (reason) => write('stop.json', reason),
    failure: () => read('failure.json', verdict),
    writeFailure: (failure) => write('failure.json', failure),
    async remove() {
      // The worker may be killed before the last file is gone.
      await clearAway(folder + removed)
      await fs.rename(folder, folder + removed).catch(unlessGone)
      await clearAway(folder + removed)
    },
  }
}

export async function clearAway(folder: string): Promise<undefined> {
  await fs.rm(folder, { recursive: true, force: true })
}

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
