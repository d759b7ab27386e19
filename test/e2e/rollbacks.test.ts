import { describeWithEngine, docker } from '@redeployster/shared/testing/docker'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { setStage, type Stage, type StageContainer, type StageOptions } from '../harness/stage.ts'
import { backdate, hasEnded } from '../harness/step-files.ts'
import { until } from '../harness/until.ts'

const endsWith3 = 'ENTRYPOINT ["sh", "-c", "exit 3"]'

/** Neither healthy nor unhealthy, until the test makes `/fail` in the container. */
const undecided =
  'HEALTHCHECK --interval=100ms --timeout=1h --retries=1 CMD until [ -e /fail ]; do sleep 0.1; done; exit 1'

interface Case {
  readonly what: string
  readonly change: string
  readonly exitCode: string
  readonly lines?: readonly string[]
}

const failing: readonly Case[] = [
  { what: 'is a one-shot that ends with 3', change: endsWith3, exitCode: '3' },
  { what: 'is a crash loop', change: endsWith3, exitCode: '1', lines: ['restart: always'] },
  { what: 'is unhealthy', change: 'HEALTHCHECK --interval=200ms --retries=1 CMD false', exitCode: '1' },
  {
    what: 'never becomes healthy',
    change: 'HEALTHCHECK --interval=100ms --timeout=100s CMD sleep 100',
    exitCode: '1',
  },
  { what: 'cannot be started', change: 'ENTRYPOINT ["/nowhere"]', exitCode: '127' },
]

describeWithEngine('a rollback', () => {
  let stage: Stage
  let before: StageContainer | undefined
  let image: string
  let round = 0

  beforeEach(() => {
    image = `rd-rollback-${++round}`
  })
  afterEach(async () => {
    await stage.clear()
    await docker('rmi', '-f', image)
  })

  /** Gives a new image the name, as a build on this host would. */
  async function makeImage(version: string, change = 'CMD ["sleep", "100000"]') {
    const container = await docker('create', 'fixture/busybox:1', 'true')
    await docker('commit', '--change', `ENV VERSION=${version}`, '--change', change, container, image)
    await docker('rm', container)
  }

  /** Version 1 runs, and version 2 is there. */
  async function arrange(change: string, options: StageOptions = {}, dieAt?: string) {
    await makeImage('1')
    const { lines = [] } = options
    const labels = 'redeployster.rollback: "true"'
    stage = await setStage({ ...options, image, labels, lines: ['command: sleep infinity', ...lines] })
    const worker = await stage.begin(dieAt)
    ;[before] = await stage.containers()
    await makeImage('2', change)
    return worker
  }

  async function expectOneContainer(version: string) {
    const { name, files } = before ?? {}
    expect(await stage.containers()).toEqual([
      expect.objectContaining({ name, files, status: 'running', version }),
    ])
  }

  it.each(failing)(
    'brings the old image back when the new one $what, and the mended one is taken',
    async (it) => {
      await arrange(it.change, it.lines && { lines: it.lines })
      const { exitCode, body } = await stage.deploy().answer
      expect(exitCode).toBe(it.exitCode)
      expect(body).toMatch(/; rolled back to sha256:\w+\n.*exit-code/)
      expect(await stage.jobs()).toMatchObject([{ state: 'failed', started: true }])
      await expectOneContainer('1')

      await makeImage('3')
      expect(await stage.deploy().answer).toMatchObject({ exitCode: '0' })
      await expectOneContainer('3')
    },
  )

  it('comes also when the worker is killed while compose replaces the container', async () => {
    const worker = await arrange(endsWith3, { lines: ['init: false', 'stop_grace_period: 3s'] })
    const asked = stage.deploy()
    await until('compose is at work', () => asked.text().includes('Recreate'))
    await worker.end('SIGKILL')
    stage.bench.startWorker()
    const { exitCode, body } = await asked.answer
    expect(exitCode).toBe('3')
    expect(body).toContain('; rolled back to sha256:')
    await expectOneContainer('1')
  })

  it('comes also when the worker is killed in the gate', async () => {
    const worker = await arrange(undecided, { gate: '1h' })
    const asked = stage.deploy()
    await until('compose is done', () => hasEnded(stage, 'up'))
    await worker.end('SIGKILL')
    await docker('exec', before?.name ?? '', 'touch', '/fail')
    stage.bench.startWorker()
    const { exitCode, body } = await asked.answer
    expect(exitCode).toBe('1')
    expect(body).toContain('is unhealthy; rolled back to sha256:')
    await expectOneContainer('1')
  })

  it.each(['failed', 'retagged', 'begun rollback'])(
    'comes once, also when the worker is killed when it has %s',
    async (boundary) => {
      const dying = await arrange(endsWith3, {}, boundary)
      const asked = stage.deploy()
      await dying.exited
      stage.bench.startWorker()
      const { exitCode, body } = await asked.answer
      expect(exitCode).toBe('3')
      expect(body).toContain('; rolled back to sha256:')
      // One for the deploy, one for the way back.
      expect(await stage.compose.starts()).toHaveLength(2)
      await expectOneContainer('1')
    },
  )

  it('does not come when the deploy is cancelled in the gate, and the log says so', async () => {
    await arrange(undecided, { gate: '1h' })
    const asked = stage.deploy()
    await until('compose is done', () => hasEnded(stage, 'up'))
    await stage.cancel((await stage.jobs())[0]?.id)
    const { exitCode, body } = await asked.answer
    expect(exitCode).toBe('130')
    expect(body).toContain('; not rolled back, since only a deploy that failed is\n')
    await expectOneContainer('2')
  })

  it('has a time of its own, also when the deploy has used up all of it', async () => {
    const dying = await arrange(endsWith3, {}, 'failed')
    const asked = stage.deploy()
    await dying.exited
    await backdate(stage, 'up', 3_600_000, ['started', 'exit'])
    stage.bench.startWorker()
    expect((await asked.answer).body).toContain('; rolled back to sha256:')
    await expectOneContainer('1')
  })
})
