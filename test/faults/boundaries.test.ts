import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ask } from '../harness/http.ts'
import { mayHaveEngine, startOwnEngine, type OwnEngine } from '../harness/own-engine.ts'
import { isStopped, type Part } from '../harness/process.ts'
import { isReady } from '../harness/ready.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

const boundaries = ['fetched', 'released', 'planned', 'lane', 'begun up', 'ended', 'concluded']

/** The worker is not what fails here: it stands still at the boundary meanwhile. */
describeWithEngine('the worker comes to a boundary, and from there on', () => {
  let engine: OwnEngine | undefined
  let stage: Stage
  let api: Part
  let worker: Part

  beforeAll(async () => {
    if (mayHaveEngine) engine = await startOwnEngine()
    stage = await setStage({ up: 'echo up', gate: 'none', lines: ['restart: always'] })
    api = await stage.bench.startApi()
    worker = stage.bench.startWorker()
    await stage.published()
  })
  afterAll(async () => {
    await stage.clear()
    await engine?.remove()
  })

  async function deployTo(boundary: string) {
    await stage.bench.haltAt(boundary)
    const asked = stage.deploy()
    await until(`the worker halts when it has ${boundary}`, () => isStopped(worker.pid))
    return (await asked.begun).headers['job-id'] as string
  }

  const goOn = () => void process.kill(worker.pid, 'SIGCONT')
  const ready = () => isReady(stage.bench.url)
  const unready = async () => !(await ready())

  const strikes = {
    async 'Redis is killed'() {
      await stage.bench.redis.kill('SIGKILL')
      goOn()
      await until('the API misses it', unready)
      await stage.bench.redis.restart()
    },
    async 'Redis is frozen'() {
      stage.bench.redis.freeze()
      goOn()
      await until('the API misses it', unready)
      stage.bench.redis.thaw()
    },
    async 'the API is killed'() {
      await api.end('SIGKILL')
      goOn()
      api = await stage.bench.startApi()
    },
    async 'the API is frozen'() {
      process.kill(api.pid, 'SIGSTOP')
      goOn()
      await until('the job has left its queue', isDone)
      process.kill(api.pid, 'SIGCONT')
    },
    async 'the engine is killed'() {
      engine?.kill()
      goOn()
      await until('the job has left its queue', isDone)
      await engine?.start()
    },
  }
  type Fault = keyof typeof strikes

  let doneBefore = 0
  const countDone = () => worker.output().split('"at":"finished"').length
  const isDone = () => countDone() > doneBefore

  const green = { state: 'succeeded', exitCode: 0, started: true }
  const refused = { state: 'rejected', exitCode: 126, started: false }
  const cases = (Object.keys(strikes) as Fault[])
    .filter((fault) => mayHaveEngine || fault !== 'the engine is killed')
    .flatMap((fault) => boundaries.map((boundary) => [fault, boundary] as const))

  it.each(cases)('%s: from %s on there is one start at most, and a true verdict', async (fault, boundary) => {
    // Behind the look it needs no engine any more, since the `up` of this test asks it for nothing.
    const isRefused = fault === 'the engine is killed' && ['fetched', 'released'].includes(boundary)
    const before = (await stage.compose.starts()).length
    doneBefore = countDone()
    const id = await deployTo(boundary)
    await strikes[fault]()

    await until('the job has left its queue', isDone)
    await until('all is well again', ready)
    const [job] = await stage.jobs()
    expect(job).toMatchObject({ id, ...(isRefused ? refused : green) })
    expect((await stage.compose.starts()).length - before).toBe(isRefused ? 0 : 1)
    const { body } = await ask('GET', `${stage.bench.url}/jobs/${id}/log`, stage.token).answer
    expect(body).toMatch(
      isRefused
        ? /^redeployster: rejected, nothing was started: .*\nredeployster: job \S+ exit-code: 126\n$/
        : /^up\nredeployster: job \S+ exit-code: 0\n$/,
    )
  })
})
