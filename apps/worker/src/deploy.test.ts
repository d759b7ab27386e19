import type { JobRecord, Verdict } from '@redeployster/shared/contract/job'
import { queueName } from '@redeployster/shared/contract/service'
import { requestOf } from '@redeployster/shared/testing/requests'
import fs from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import { deploy } from './deploy.ts'
import type { DeployPorts } from './job.ts'
import { openJobDirectory, type JobDirectory, type Plan } from './job-directory.ts'
import { createFollowStep } from './runner/follow-step.ts'
import { runStep } from './runner/run-step.ts'
import { createRunners } from './runner/runners.ts'
import { createSchedule } from './schedule/schedule.ts'
import { blockedStep, type BlockedStep } from './testing/blocked-step.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const { PATH = '' } = process.env
const run = createRunners({ PATH }, new AbortController().signal)
const request = requestOf('shop/hello')

// A worker goes on with a job whose compose an earlier one has started, and which ends with 4.
let stateDir: string
let directory: JobDirectory
let step: BlockedStep
let verdict: Verdict | undefined
/** Whether compose had ended when the verdict was written. */
let hadEnded: boolean | undefined

const inJob = (...names: readonly string[]) => path.join(stateDir, 'jobs', request.id, ...names)
const hasEnded = () => fs.readFileSync(inJob('up', 'exit'), 'utf8').trim() !== ''

beforeEach(async () => {
  verdict = undefined
  hadEnded = undefined
  stateDir = temporaryFolder()
  directory = await openJobDirectory(stateDir, request, pino({ level: 'silent' }))
  const folder = await directory.step('up')
  step = blockedStep(folder)
  void runStep(folder, step.argv, run)
  await step.runner()
})

const plan: Plan = {
  lane: ['hello'],
  config: ['compose', 'config'],
  up: ['compose', 'up'],
  image: 'hello:1',
  gateMs: 0,
  timeoutMs: 60_000,
  before: { containers: [] },
}

interface Changes {
  readonly get?: () => Promise<JobRecord | undefined>
  readonly readSecrets?: DeployPorts['readSecrets']
  /** Hears what the worker's own log says. */
  readonly onLog?: (line: string) => void
}

function goOn({ get, readSecrets, onLog }: Changes): Promise<void> {
  const logger = pino({ level: 'error' }, { write: (line) => onLog?.(line) })
  const { signal } = new AbortController()
  const schedule = createSchedule(1, () => {})
  schedule.adopt(request.id, request.project, true, plan.lane)
  const ports: Partial<Record<keyof DeployPorts, unknown>> = {
    stateDir,
    docker: {},
    queues: { finish: async () => {} },
    jobs: {
      get: get ?? (async () => undefined),
      restore: async () => {},
      begin: async () => 'begun',
      conclude: async (_: unknown, reached: Verdict) => {
        // Hangs if the job still holds its slot, which is the only one.
        schedule.tryEnter()
        schedule.announce('other', 'blog')
        await schedule.takeSlot('other')
        verdict = reached
        hadEnded = hasEnded()
        return reached
      },
    },
    freezes: {},
    logWriter: { end: async () => ({ next: 1, position: undefined }), append: async () => {} },
    history: { trimService: async () => {}, trimAll: async () => {} },
    schedule,
    readSecrets: readSecrets ?? (async () => []),
    followStep: createFollowStep(run, signal),
    running: new Map(),
    logger,
    signal,
  }
  return deploy(request, ports as DeployPorts)
}

describe(`a deploy of ${queueName(request)} that runs already`, () => {
  it('gets its true verdict when nobody can say any more what the log must not show', async () => {
    await directory.writePlan(plan)
    step.unblock()
    await goOn({ readSecrets: () => Promise.reject(new SyntaxError('no JSON')) })
    expect(verdict).toMatchObject({ state: 'failed', exitCode: 4 })
  })

  it('is stopped when somebody has asked for that while no worker was there', async () => {
    await directory.writePlan(plan)
    await goOn({ get: async () => ({ cancelAsked: true }) as JobRecord })
    expect(verdict).toMatchObject({ state: 'cancelled', exitCode: 130 })
  })

  it('gets a verdict only when compose has ended, even when its plan cannot be read', async () => {
    fs.symlinkSync('plan.json', inJob('plan.json'))
    await goOn({ onLog: (line) => line.includes('Cannot carry out the deploy') && step.unblock() })
    expect([verdict, hadEnded]).toEqual([expect.objectContaining({ state: 'interrupted' }), true])
  })

  it('is left only when compose has ended, even when Redis does not answer', async () => {
    const get = async () => {
      setImmediate(() => step.unblock())
      throw new Error('Redis is away')
    }
    await expect(goOn({ get })).rejects.toThrow('Redis is away')
    expect(hasEnded()).toBe(true)
  })
})
