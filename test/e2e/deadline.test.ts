import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { startRegistry, type Registry } from '../harness/registry.ts'
import { createSlowLine, type SlowLine } from '../harness/slow-line.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { backdate, hasEnded } from '../harness/step-files.ts'
import { until } from '../harness/until.ts'

const hour = 3_600_000

describeWithEngine('the time that a deploy may take', () => {
  let registry: Registry
  let line: SlowLine
  let stage: Stage
  let round = 0

  beforeAll(async () => {
    registry = await startRegistry()
    line = await createSlowLine(registry.address)
  })
  beforeEach(async () => {
    round++
    await registry.push(`app-${round}`, '1')
  })
  afterEach(() => stage.clear())
  afterAll(async () => {
    await line.remove()
    await registry.remove()
  })

  const arrange = async (up?: string) => {
    const image = `${line.address}/app-${round}`
    stage = await setStage({ image, lines: ['command: sleep infinity'], ...(up && { up }) })
    const worker = await stage.begin()
    await registry.push(`app-${round}`, '2')
    return worker
  }

  it('is that of the pull and of `up` together', async () => {
    const worker = await arrange('sleep 1000')
    const asked = stage.deploy()
    await until('compose has begun', async () => (await stage.compose.starts()).length === 1)
    await worker.end('SIGKILL')
    await backdate(stage, 'pull', hour)
    stage.bench.startWorker()
    const { exitCode, body } = await asked.answer
    expect(exitCode).toBe('124')
    expect(body).toContain('took longer than it may; the service may be half replaced')
  })

  it('does not let `up` begin when a pull that no worker watched has taken all of it', async () => {
    const worker = await arrange()
    line.hold()
    const before = await stage.containers()
    const asked = stage.deploy()
    await until('the engine waits for the image', () => line.isWaitedFor())
    await worker.end('SIGKILL')
    line.letGo()
    await until('the image is there', () => hasEnded(stage, 'pull'))
    await backdate(stage, 'pull', hour)
    stage.bench.startWorker()
    const { exitCode, body } = await asked.answer
    expect(exitCode).toBe('124')
    expect(body).toContain('took longer than it may; nothing was touched')
    expect(await stage.compose.starts()).toEqual([])
    expect(await stage.containers()).toEqual(before)
  })

  it('does not count the wait for the lane', async () => {
    const worker = await arrange('sleep 1000')
    const asked = stage.deploy()
    await until('compose has begun', async () => (await stage.compose.starts()).length === 1)
    await worker.end('SIGKILL')
    // As if the pull had been over long before `up` could begin.
    await backdate(stage, 'pull', hour, ['started', 'exit'])
    const next = stage.bench.startWorker()
    await next.says('Goes on with a deploy')
    await stage.published()
    expect(asked.text()).not.toContain('took longer')
    await stage.cancel((await stage.jobs())[0]?.id)
    expect(await asked.answer).toMatchObject({ exitCode: '130' })
  })
})
