import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { describeWithEngine, docker } from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Asked } from '../harness/http.ts'
import { isStopped, type Part } from '../harness/process.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

const steps = ['pull', 'pull-again', 'up', 'rollback'] as const
type Step = (typeof steps)[number]

/** Before the runner has made `started`; while compose runs; between its end and `exit`. */
type Instant = 'before' | 'during' | 'behind'
type Killer = 'worker' | 'runner' | 'worker and runner' | 'compose' | 'worker, runner and compose'

/** The verdict, how often compose was started for the step, and, lost in a pull, how often once more. */
interface End {
  readonly state: string
  readonly exitCode: number
  /** Whether anything may have been touched; if not, it is safe to deploy again. */
  readonly started: boolean
  readonly starts: number
}

const end = (state: string, exitCode: number, started: boolean, starts: number): End => ({
  state,
  exitCode,
  started,
  starts,
})
const green = end('succeeded', 0, true, 1)
/** Of a rollback, whatever comes of it: what has failed before is the verdict. */
const red = end('failed', 3, true, 1)

const once: Record<Step, End> = { pull: green, 'pull-again': green, up: green, rollback: red }
const lost: Record<Step, End> = {
  pull: { ...green, starts: 2 },
  'pull-again': end('interrupted', 125, false, 1),
  up: end('interrupted', 125, true, 1),
  rollback: red,
}
const killed: Record<Step, End> = {
  pull: end('failed', 137, false, 1),
  'pull-again': end('failed', 137, false, 1),
  up: end('failed', 137, true, 1),
  rollback: red,
}

const cases: readonly (readonly [Instant, Killer, Record<Step, End>])[] = [
  ['before', 'worker', once],
  ['before', 'runner', once],
  ['before', 'worker and runner', once],
  ['during', 'worker', once],
  ['during', 'runner', lost],
  ['during', 'worker and runner', lost],
  ['during', 'compose', killed],
  ['during', 'worker, runner and compose', lost],
  ['behind', 'worker', once],
  // Nobody else knows the exit code.
  ['behind', 'runner', lost],
  ['behind', 'worker and runner', lost],
]

/** How a deploy can end before the worker is killed: by the step that fails, if one does. */
const outcomes = {
  'every step works': green,
  'the pull fails': end('failed', 3, false, 0),
  'up fails': end('failed', 3, true, 1),
  'up fails and is rolled back': red,
} as const
type Outcome = keyof typeof outcomes

describeWithEngine('adoption at every boundary of a step', () => {
  let folder: string
  let stage: Stage
  let worker: Part
  /** It waits for the engine, so that the next one need not be waited for. */
  let nextWorker: Part

  beforeAll(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-halt-'))
    await promisify(execFile)('mkfifo', [path.join(folder, 'gate')])
    await fs.writeFile(path.join(folder, 'at'), '')
    // The first of each test halts where the test wants; its parent is the runner.
    const halt = `
halt() {
  [ "$1 $(basename "$PWD")" = "$(cat "${folder}/at")" ] || return 0
  : >"${folder}/at"
  echo "$PPID $$" >"${folder}/halted.tmp"
  /bin/mv "${folder}/halted.tmp" "${folder}/halted"
  read _ <"${folder}/gate"
}`
    await shim('flock', `${halt}\n[ "$*" = "-n 9" ] && halt before\nexec /usr/bin/flock "$@"`)
    const fails = `[ "$(basename "$PWD")" = "$(cat "${folder}/fails")" ] && exit 3`
    await fs.writeFile(path.join(folder, 'fails'), '')
    await docker('tag', 'fixture/busybox:1', 'rd-adoption:1')
    await docker('tag', 'fixture/busybox:1', 'rd-adoption:old')
    const other = await docker('create', 'fixture/busybox:1', 'true')
    await docker('commit', '--change', 'ENV VERSION=2', other, 'rd-adoption:new')
    await docker('rm', other)
    stage = await setStage({
      image: 'rd-adoption:1',
      gate: 'none',
      labels: 'redeployster.pull: always, redeployster.rollback: true',
      scripted: ['pull', 'up'],
      up: `${halt}\nhalt during\n${fails}\nexit 0`,
      env: { PATH: `${folder}:${process.env.PATH}` },
    })
    worker = await stage.begin()
    nextWorker = stage.bench.startWorker()
  })
  afterEach(async () => void (await openGate()))
  afterAll(async () => {
    await stage.clear()
    await docker('rmi', '-f', 'rd-adoption:1', 'rd-adoption:old', 'rd-adoption:new')
    await fs.rm(folder, { recursive: true })
  })

  const shim = (name: string, text: string) =>
    fs.writeFile(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })

  /** Lets whoever waits there go on; resolves to whether there was somebody. */
  async function openGate(): Promise<boolean> {
    const flags = fs.constants.O_WRONLY | fs.constants.O_NONBLOCK
    const gate = await fs.open(path.join(folder, 'gate'), flags).catch(() => undefined)
    await gate?.close()
    return gate !== undefined
  }

  async function endWorker() {
    await worker.end('SIGKILL')
    worker = nextWorker
    nextWorker = stage.bench.startWorker()
  }

  /** From now on this step fails, if any, and the engine has the image of which a rollback is one. */
  async function arrange(failing: Step | '', hasNewImage: boolean) {
    await fs.writeFile(path.join(folder, 'fails'), failing)
    await docker('tag', `rd-adoption:${hasNewImage ? 'new' : 'old'}`, 'rd-adoption:1')
  }

  /** Resolves, when a deploy has come there, to the runner of the step and the process that has halted. */
  async function deployTo(instant: Instant, step: Step) {
    const place = `${instant === 'behind' ? 'during' : instant} ${step}`
    await arrange(step === 'rollback' ? 'up' : '', step === 'rollback')
    await haltAt(step === 'pull-again' ? 'during pull' : place)
    const asked = stage.deploy()
    if (step === 'pull-again') {
      const { runner } = await halted()
      await haltAt(place)
      process.kill(runner, 'SIGKILL')
      await until('it goes on', openGate)
    }
    const found = await halted()
    if (instant === 'behind') await endBefore(found)
    return { asked, ...found }
  }

  /** Compose ends, and its runner stands still before it can write that down. */
  async function endBefore(of: { readonly runner: number; readonly halted: number }) {
    process.kill(of.runner, 'SIGSTOP')
    await until('compose goes on', openGate)
    await until('compose has ended', () => / Z /.test(statOf(of.halted)))
  }

  const statOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8')

  async function haltAt(place: string) {
    await fs.rm(path.join(folder, 'halted'), { force: true })
    await fs.writeFile(path.join(folder, 'at'), place)
  }

  async function halted() {
    const text = await until('it halts', () =>
      fs.readFile(path.join(folder, 'halted'), 'utf8').catch(() => undefined),
    )
    const [runner = 0, pid = 0] = text.trim().split(' ').map(Number)
    return { runner, halted: pid }
  }

  /** Which steps compose was started for since then, in order. */
  async function startsSince(before: number) {
    const made = (await stage.compose.starts()).slice(before)
    return made.map((line) => line.split(' ')[1] ?? '')
  }

  /** Resolves to the whole log, when the verdict is everywhere, and nothing is left behind. */
  async function expectEnd(asked: Asked, { state, exitCode, started }: Omit<End, 'starts'>) {
    const answer = await asked.answer
    expect(answer).toMatchObject({ exitCode: String(exitCode) })
    const [job] = await stage.jobs()
    expect(job).toMatchObject({ id: answer.jobId, state, exitCode, started })
    expect(answer.body.match(/ exit-code: /g)).toHaveLength(1)
    await until('no folder is left', async () => {
      return (await fs.readdir(path.join(stage.bench.stateDir, 'jobs'))).length === 0
    })
    return answer.body
  }

  describe.each(steps)('in %s', (step) => {
    it.each(cases)('%s compose: a kill of %s', async (instant, killer, ends) => {
      const before = (await stage.compose.starts()).length
      const { asked, runner, halted: pid } = await deployTo(instant, step)

      // All at once: a worker that is to die sees nothing of the rest.
      if (killer.includes('worker')) process.kill(worker.pid, 'SIGSTOP')
      if (killer.includes('runner')) process.kill(runner, 'SIGKILL')
      if (killer.includes('compose')) process.kill(pid, 'SIGKILL')
      if (killer.includes('worker')) await endWorker()
      if (instant === 'behind' && !killer.includes('runner')) process.kill(runner, 'SIGCONT')
      if (instant !== 'behind' && !killer.includes('compose'))
        await until('what has halted goes on', openGate)

      await expectEnd(asked, ends[step])
      const made = await startsSince(before)
      const ofStep = made.filter((it) => it === step || it === `${step}-again`)
      expect(ofStep).toHaveLength(ends[step].starts)
      expect(new Set(made).size).toBe(made.length)
    })
  })

  describe.each(Object.entries(outcomes) as [Outcome, End][])('when %s', (outcome, ends) => {
    it.each(['ended', 'concluded', 'finished'])('a kill of the worker when it has %s', async (boundary) => {
      const isRolledBack = outcome === 'up fails and is rolled back'
      const failing = outcome === 'the pull fails' ? 'pull' : 'up'
      await arrange(outcome === 'every step works' ? '' : failing, isRolledBack)
      const before = (await stage.compose.starts()).length
      await stage.bench.haltAt(boundary)
      const asked = stage.deploy()
      await until(`the worker has ${boundary}`, () => isStopped(worker.pid))
      await endWorker()

      const log = await expectEnd(asked, ends)
      expect(log.includes('rolled back to')).toBe(isRolledBack)
      expect(await startsSince(before)).toEqual([
        'pull',
        ...(outcome === 'the pull fails' ? [] : ['up']),
        ...(isRolledBack ? ['rollback'] : []),
      ])
    })
  })

  it('a kill of the worker when it is about to pull', async () => {
    await arrange('', false)
    const before = (await stage.compose.starts()).length
    await stage.bench.haltAt('begun pull')
    const asked = stage.deploy()
    await until('the worker has begun', () => isStopped(worker.pid))
    await endWorker()
    await expectEnd(asked, green)
    expect(await startsSince(before)).toEqual(['pull', 'up'])
  })
})
