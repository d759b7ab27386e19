import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createGate, type Gate } from '../harness/gate.ts'
import type { Asked } from '../harness/http.ts'
import type { Part } from '../harness/process.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { stepGroup } from '../harness/step-files.ts'
import { until } from '../harness/until.ts'

/** An `up` that waits for the test, and says line by line where it is. */
const up = `
echo before
read _ <"$folder/gate"
seq -f 'line %.0f' 100`

describeWithEngine('a part that is frozen', () => {
  let stage: Stage
  let api: Part
  let worker: Part
  let gate: Gate
  let asked: Asked

  beforeEach(async () => {
    stage = await setStage({ up, gate: 'none' })
    gate = await createGate(path.join(stage.compose.folder, 'gate'))
    api = await stage.bench.startApi()
    worker = stage.bench.startWorker()
    await stage.published()
    asked = stage.deploy()
    await until('compose has begun', () => asked.text().includes('before\n'))
  })
  afterEach(async () => {
    await gate.remove()
    await stage.clear()
  })

  const numbers = (body: string) => [...body.matchAll(/^line (\d+)$/gm)].map(([, number]) => Number(number))
  const all = Array.from({ length: 100 }, (_, index) => index + 1)

  it('F24 the API: the deploy ends without it, and its stream then has every line, once', async () => {
    process.kill(api.pid, 'SIGSTOP')
    await gate.open()
    await worker.says('"at":"finished"')
    process.kill(api.pid, 'SIGCONT')

    const { exitCode, body } = await asked.answer
    expect(exitCode).toBe('0')
    expect(numbers(body)).toEqual(all)
    expect(await stage.jobs()).toMatchObject([{ state: 'succeeded', exitCode: 0 }])
  })

  it('F25 the runner: all waits for it, and a cancel ends it, 130', async () => {
    const runner = await stepGroup(stage, 'up')
    process.kill(runner, 'SIGSTOP')
    await gate.open()
    await until('compose has printed all', () => numbers(asked.text()).length === all.length)
    const [job] = await stage.jobs()
    expect(job).toMatchObject({ state: 'running' })

    // It gets its SIGINT only when it goes on, so what ends it is the SIGKILL 30 s later.
    expect((await stage.cancel(job?.id)).status).toBe(202)
    expect(await asked.answer).toMatchObject({ exitCode: '130' })
    expect(await stage.jobs()).toMatchObject([{ state: 'cancelled', exitCode: 130, started: true }])
  })

  it('F25 the runner, for a while: its verdict is that of compose', async () => {
    const runner = await stepGroup(stage, 'up')
    process.kill(runner, 'SIGSTOP')
    await gate.open()
    await until('compose has printed all', () => numbers(asked.text()).length === all.length)
    process.kill(runner, 'SIGCONT')

    expect(await asked.answer).toMatchObject({ exitCode: '0' })
    expect(await stage.compose.starts()).toHaveLength(1)
  })
})
