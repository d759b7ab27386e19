import fs from 'node:fs/promises'
import path from 'node:path'
import { describeWithEngine, docker } from '@redeployster/shared/testing/docker'
import { afterEach, expect, it } from 'vitest'
import type { Asked } from '../harness/http.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { hasEnded } from '../harness/step-files.ts'
import { until } from '../harness/until.ts'

/** An `up` that waits for the test, and says when it has ended. */
const held = `
mkfifo "$folder/gate" 2>/dev/null
read _ <"$folder/gate"
real "$@"
code=$?
echo ended >>"$folder/starts"
exit $code`

describeWithEngine('a kill -9 at any boundary of the walk', () => {
  let stage: Stage

  async function runningVersion() {
    const [container] = await stage.containers()
    return `${container?.status} ${container?.version}`
  }

  /** Lets first the one and then the other go; resolves to their exit codes and to what their composes did, in order. */
  async function letBothGo(first: Asked, second: Asked) {
    await letGo()
    const before = await first.answer
    await letGo()
    const after = await second.answer
    const order = (await stage.compose.starts()).map((line) => line.split(' ')[0])
    return { exitCodes: [before.exitCode, after.exitCode], order }
  }

  /** The orphan ends before the next one starts, and what came of it nobody knows. */
  const inTurn = { exitCodes: ['125', '0'], order: ['hello', 'ended', 'hello', 'ended'] }

  async function letGo() {
    await fs.writeFile(path.join(stage.compose.folder, 'gate'), 'go\n')
  }

  afterEach(() => stage.clear())

  it.each(['fetched', 'released', 'planned', 'lane', 'begun up', 'ended', 'concluded', 'finished'])(
    'of the worker when it has %s leaves the verdict true, the service up and one start',
    async (boundary) => {
      stage = await setStage()
      const dying = await stage.begin(boundary)
      await stage.change()

      const asked = stage.deploy()
      await dying.exited
      stage.bench.startWorker()

      expect(await asked.answer).toMatchObject({ exitCode: '0' })
      expect(await stage.jobs()).toMatchObject([{ state: 'succeeded', exitCode: 0, started: true }])
      expect(await stage.compose.starts()).toHaveLength(1)
      expect(await runningVersion()).toBe('running 2')
      await until('the job has left no folder', async () => {
        return (await fs.readdir(path.join(stage.bench.stateDir, 'jobs'))).length === 0
      })
    },
  )

  it.each(['accepted', 'answered'])(
    'of the API when it has %s never makes a deploy run twice',
    async (boundary) => {
      stage = await setStage()
      const dying = await stage.bench.startApi(boundary)
      stage.bench.startWorker()
      await stage.published()
      await stage.change()

      const asked = stage.deploy()
      await dying.exited
      await expect(asked.answer).rejects.toThrow(/hang up|cut/)
      await stage.bench.startApi()

      const [job] = await until('history has the job', async () => {
        const jobs = await stage.jobs()
        return jobs[0]?.exitCode !== undefined && jobs
      })
      expect(job).toMatchObject({ state: 'succeeded', exitCode: 0 })
      expect(await stage.compose.starts()).toHaveLength(1)
      expect(await runningVersion()).toBe('running 2')
    },
  )

  it('of the API before it has confirmed the job leaves nothing that could surprise anybody', async () => {
    stage = await setStage()
    const dying = await stage.bench.startApi('queued')
    const worker = stage.bench.startWorker()
    await stage.published()

    const asked = stage.deploy()
    await dying.exited
    await expect(asked.answer).rejects.toThrow(/hang up|cut/)
    await stage.bench.startApi()
    await worker.says('hello rejected')

    expect(await stage.compose.starts()).toEqual([])
    expect(await stage.deploy().answer).toMatchObject({ exitCode: '0' })
  })

  it('of the worker while compose runs lets compose finish, and the stream goes on', async () => {
    stage = await setStage({
      up: `
echo before
mkfifo "$folder/gate" && read _ <"$folder/gate"
real "$@"
code=$?
echo after
exit $code`,
    })
    const worker = await stage.begin()
    await stage.change()

    const asked = stage.deploy()
    await until('compose has begun', () => asked.text().includes('before\n'))
    await worker.end('SIGKILL')
    await letGo()
    stage.bench.startWorker()
    const { exitCode, body } = await asked.answer

    expect(exitCode).toBe('0')
    expect(body.match(/^(before|after)$/gm)).toEqual(['before', 'after'])
    expect(await stage.compose.starts()).toHaveLength(1)
    expect(await runningVersion()).toBe('running 2')
  })

  it.each([
    { what: 'works', strike: () => Promise.resolve(), state: 'succeeded', says: 'gate passed after' },
    { what: 'has ended', strike: killContainer, state: 'failed', says: 'docker compose is done, but' },
  ])(
    'of the worker in the gate lets the next one find that what was started $what',
    async ({ strike, state, says }) => {
      stage = await setStage({ gate: '1m' })
      const worker = await stage.begin()
      await stage.change()

      const asked = stage.deploy()
      await until('compose has ended', () => hasEnded(stage, 'up'))
      await worker.end('SIGKILL')
      await strike()
      stage.bench.startWorker()

      const { exitCode, body } = await asked.answer
      expect(body).toContain(says)
      expect(await stage.jobs()).toMatchObject([{ state, exitCode: Number(exitCode), started: true }])
      expect(await stage.compose.starts()).toHaveLength(1)
    },
  )

  async function killContainer() {
    const [container] = await stage.containers()
    await docker('kill', container?.id ?? '')
  }

  it('of the runner while compose runs is said to be of unknown end, and only when compose has ended', async () => {
    stage = await setStage({ up: held })
    await stage.begin()
    await stage.change()

    const first = stage.deploy()
    const pid = await until('compose has begun', async () =>
      (await stage.compose.starts())[0]?.split(' ').at(-1),
    )
    process.kill(await parentOf(Number(pid)), 'SIGKILL')
    const second = stage.deploy()
    await second.begun
    expect(await letBothGo(first, second)).toEqual(inTurn)
    expect(await runningVersion()).toBe('running 2')
  })

  it('of worker and runner makes a waiting job wait for the orphan', async () => {
    stage = await setStage({ up: held })
    const worker = await stage.begin()
    await stage.change()

    const first = stage.deploy()
    const pid = await until('compose has begun', async () =>
      (await stage.compose.starts())[0]?.split(' ').at(-1),
    )
    await worker.end('SIGKILL')
    process.kill(await parentOf(Number(pid)), 'SIGKILL')
    const second = stage.deploy()
    await second.begun
    const next = stage.bench.startWorker()
    await next.says('Goes on with a deploy')
    expect(await letBothGo(first, second)).toEqual(inTurn)
  })

  it.each(['plan', 'stop', 'failure'])(
    'of the worker, and a %s.json that is none of ours, neither keep the next one from starting nor a job from waiting',
    async (name) => {
      stage = await setStage({ up: held })
      const worker = await stage.begin()
      await stage.change()
      const first = stage.deploy()
      await until('compose has begun', async () => (await stage.compose.starts()).length === 1)
      await worker.end('SIGKILL')
      const [job] = await stage.jobs()
      const file = path.join(stage.bench.stateDir, 'jobs', job?.id ?? '', `${name}.json`)
      await fs.writeFile(file, '{"lane":7}')

      const next = stage.bench.startWorker()
      await next.says('cannot be read')
      const second = stage.deploy()
      await second.begun
      expect(await letBothGo(first, second)).toEqual(
        name === 'plan' ? inTurn : { ...inTurn, exitCodes: ['0', '0'] },
      )
    },
  )

  it('of a worker and of one that waits for the engine hands the engine on', async () => {
    stage = await setStage()
    const worker = await stage.begin()
    const waiting = stage.bench.startWorker()
    await waiting.says('Another worker serves this engine')
    await worker.end('SIGKILL')
    await waiting.says('is deployable')
    expect(await stage.deploy().answer).toMatchObject({ exitCode: '0' })
  })
})

async function parentOf(pid: number): Promise<number> {
  const status = await fs.readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1])
}
