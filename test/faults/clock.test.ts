import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { createGate, type Gate } from '../harness/gate.ts'
import { getJson, type Asked } from '../harness/http.ts'
import type { Part } from '../harness/process.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

/** An `up` that waits, if there is a gate, before the real one. */
const up = `
echo before
if [ -e "$folder/gate" ]; then read _ <"$folder/gate"; fi
real "$@"`

const hour = 3_600_000
const preload = new URL('../harness/set-clock.mjs', import.meta.url)

const jumps = [
  { how: 'forward by a day', byMs: 24 * hour },
  { how: 'back by an hour', byMs: -hour },
]

describeWithEngine('F51 when the clock of the machine is set', () => {
  let folder: string
  let stage: Stage
  let worker: Part
  let gate: Gate

  beforeAll(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-clock-'))
    await setClock(0)
    const env = { CLOCK_FILE: path.join(folder, 'ahead'), NODE_OPTIONS: `--import=${preload.href}` }
    stage = await setStage({ up, env, labels: 'redeployster.timeout: 60s' })
    await stage.bench.startApi()
  })
  beforeEach(async () => {
    await setClock(0)
    worker = stage.bench.startWorker()
    await worker.says('is deployable')
    await stage.published()
  })
  afterEach(() => worker.end('SIGKILL'))
  afterAll(async () => {
    await stage.clear()
    await fs.rm(folder, { recursive: true })
  })

  /** For all parts at once; a file is never seen without its content. */
  async function setClock(byMs: number) {
    await fs.writeFile(path.join(folder, 'next'), String(byMs))
    await fs.rename(path.join(folder, 'next'), path.join(folder, 'ahead'))
  }

  async function begun() {
    gate = await createGate(path.join(stage.compose.folder, 'gate'))
    const asked = stage.deploy()
    await until('compose has begun', () => asked.text().includes('before\n'))
    return asked
  }

  /** A job that waits for a worker. */
  async function waiting() {
    await worker.end('SIGKILL')
    const asked = stage.deploy()
    await asked.begun
    return asked
  }

  /** How a deploy ended, for its caller and in history. */
  async function endOf({ answer }: Asked) {
    const { exitCode, body, jobId } = await answer
    // Its sign of life, by the old time, may look a day old; until the worker's next one the API answers 503.
    await stage.published()
    const { state, started } = await getJson<Job>(`${stage.bench.url}/jobs/${jobId}`, stage.token)
    return { exitCode, body, state, started }
  }

  it.each(jumps)('$how while compose runs, the deploy goes on and is gated as ever', async ({ byMs }) => {
    await stage.change()
    const asked = await begun()
    await setClock(byMs)
    await gate.remove()
    expect(await endOf(asked)).toMatchObject({ exitCode: '0', state: 'succeeded', started: true })
    // And nothing that was kept by the old time is in the way of the next one.
    expect(await endOf(stage.deploy())).toMatchObject({ exitCode: '0' })
  })

  it('forward while a job waits for its worker, it is expired: nothing was started', async () => {
    const before = (await stage.compose.starts()).length
    const asked = await waiting()
    await setClock(24 * hour)
    worker = stage.bench.startWorker()
    expect(await endOf(asked)).toMatchObject({ exitCode: '125', state: 'expired', started: false })
    expect(await stage.compose.starts()).toHaveLength(before)
  })

  it('back while a job waits for its worker, it is deployed', async () => {
    const asked = await waiting()
    await setClock(-hour)
    worker = stage.bench.startWorker()
    expect(await endOf(asked)).toMatchObject({ exitCode: '0', state: 'succeeded' })
  })

  it('forward while no worker is there, a deploy that runs has taken too long for the next one', async () => {
    const asked = await begun()
    await worker.end('SIGKILL')
    await setClock(24 * hour)
    worker = stage.bench.startWorker()
    expect(await endOf(asked)).toMatchObject({ exitCode: '124', state: 'timed-out', started: true })
    await gate.remove()
  })
})

interface Job {
  readonly state: string
  readonly started: boolean
}
