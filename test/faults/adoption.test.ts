import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { describeWithEngine, docker } from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Part } from '../harness/process.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

const steps = ['pull', 'up', 'rollback'] as const
type Step = (typeof steps)[number]

/** Before the runner has made `started`; while compose runs; between its end and `exit`. */
type Instant = 'before' | 'during' | 'behind'
type Killer = 'worker' | 'runner' | 'worker and runner' | 'compose' | 'worker, runner and compose'

/** What the pipeline hears, and how often compose was started for the step (and, lost in a pull, once more). */
type End = readonly [exitCode: string, starts: number]

const once: Record<Step, End> = { pull: ['0', 1], up: ['0', 1], rollback: ['3', 1] }
const never: Record<Step, End> = { pull: ['125', 0], up: ['125', 0], rollback: ['3', 0] }
const lost: Record<Step, End> = { pull: ['0', 2], up: ['125', 1], rollback: ['3', 1] }
const killed: Record<Step, End> = { pull: ['137', 1], up: ['137', 1], rollback: ['3', 1] }

const cases: readonly (readonly [Instant, Killer, Record<Step, End>])[] = [
  ['before', 'worker', once],
  ['before', 'runner', never],
  ['before', 'worker and runner', once],
  ['during', 'worker', once],
  ['during', 'runner', lost],
  ['during', 'worker and runner', lost],
  ['during', 'compose', killed],
  ['during', 'worker, runner and compose', lost],
  ['behind', 'worker', once],
  // What is about to write `exit` lives on, and holds the lock.
  ['behind', 'runner', once],
  ['behind', 'worker and runner', once],
  ['behind', 'worker, runner and compose', lost],
]

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
    await shim('mv', `${halt}\nhalt behind\nexec /bin/mv "$@"`)
    const fails = `[ -e "${folder}/fails" ] && [ "$(basename "$PWD")" = up ] && exit 3`
    await docker('tag', 'fixture/busybox:1', 'rd-adoption:1')
    const other = await docker('create', 'fixture/busybox:1', 'true')
    await docker('commit', '--change', 'ENV VERSION=2', other, 'rd-adoption:2')
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
  afterEach(() => openGate())
  afterAll(async () => {
    await stage.clear()
    await docker('rmi', '-f', 'rd-adoption:1', 'rd-adoption:2')
    await fs.rm(folder, { recursive: true })
  })

  const shim = (name: string, text: string) =>
    fs.writeFile(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })

  /** Whoever waits there goes on; without anybody it does nothing. */
  async function openGate() {
    const flags = fs.constants.O_WRONLY | fs.constants.O_NONBLOCK
    await fs.open(path.join(folder, 'gate'), flags).then(
      (it) => it.close(),
      () => {},
    )
  }

  async function endWorker() {
    await worker.end('SIGKILL')
    worker = nextWorker
    nextWorker = stage.bench.startWorker()
  }

  /** Resolves, when a deploy has come there, to the runner of the step and the process that has halted. */
  async function deployTo(instant: Instant, step: Step) {
    await fs.rm(path.join(folder, 'halted'), { force: true })
    await fs.rm(path.join(folder, 'fails'), { force: true })
    if (step === 'rollback') {
      await fs.writeFile(path.join(folder, 'fails'), '')
      await docker('tag', 'rd-adoption:2', 'rd-adoption:1')
    }
    await fs.writeFile(path.join(folder, 'at'), `${instant} ${step}`)
    const asked = stage.deploy()
    const text = await until(`${instant} ${step}`, () =>
      fs.readFile(path.join(folder, 'halted'), 'utf8').catch(() => undefined),
    )
    const [runner = 0, halted = 0] = text.trim().split(' ').map(Number)
    return { asked, runner, halted }
  }

  describe.each(steps)('in %s', (step) => {
    it.each(cases)('%s compose: a kill of %s', async (instant, killer, ends) => {
      const [exitCode, starts] = ends[step]
      const before = (await stage.compose.starts()).length
      const { asked, runner, halted } = await deployTo(instant, step)

      // All at once: a worker that is to die sees nothing of the rest.
      if (killer.includes('worker')) process.kill(worker.pid, 'SIGSTOP')
      if (killer.includes('compose')) process.kill(halted, 'SIGKILL')
      if (killer.includes('runner')) process.kill(runner, 'SIGKILL')
      if (killer.includes('worker')) await endWorker()
      await openGate()

      expect(await asked.answer).toMatchObject({ exitCode })
      const [job] = await stage.jobs()
      expect(job).toMatchObject({ id: (await asked.answer).jobId, exitCode: Number(exitCode) })
      expect((await asked.answer).body.match(/ exit-code: /g)).toHaveLength(1)
      const made = (await stage.compose.starts()).slice(before).map((line) => line.split(' ')[1] ?? '')
      expect(made.filter((it) => it.startsWith(step))).toHaveLength(starts)
      expect(new Set(made).size).toBe(made.length)
      await until('no folder is left', async () => {
        return (await fs.readdir(path.join(stage.bench.stateDir, 'jobs'))).length === 0
      })
    })
  })
})
