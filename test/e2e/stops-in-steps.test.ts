import { describeWithEngine, docker } from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { startRegistry, type Registry } from '../harness/registry.ts'
import { createSlowLine, type SlowLine } from '../harness/slow-line.ts'
import { backdate, hasEnded } from '../harness/step-files.ts'
import { setStage, type Stage, type StageContainer, type StageOptions } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

let registry: Registry
let line: SlowLine
let stage: Stage
let before: StageContainer
let round = 0

/** Where in a deploy it is stopped; all of it is real. */
interface Place {
  readonly where: string
  readonly options: () => StageOptions
  /** Makes a new version, whose deploy stays at this place. */
  change(): Promise<unknown>
  isReached(): Promise<boolean>
  /** What the verdict says, and what is there then. */
  readonly says: string
  readonly started: boolean
  left(): object[]
  /** Lets whatever held the deploy go on. */
  free(): Promise<unknown>
}

const runsAsBefore = () => expect.objectContaining({ ...before })

const places: readonly Place[] = [
  {
    where: 'the pull',
    options: () => ({ image: `${line.address}/app-${round}`, lines: ['command: sleep infinity'] }),
    async change() {
      await registry.push(`app-${round}`, '2')
      line.hold()
    },
    isReached: async () => line.isWaitedFor(),
    says: 'nothing was touched',
    started: false,
    left: () => [runsAsBefore()],
    free: async () => line.letGo(),
  },
  {
    where: 'the stop of the old container',
    options: () => ({
      lines: [
        'init: false',
        'stop_grace_period: 1h',
        `command: ["sh", "-c", "trap 'echo asked; test -e /free && exit' TERM; while :; do sleep 1 & wait; done"]`,
      ],
    }),
    change: () => stage.change(),
    isReached: async () => (await docker('logs', before.id)).includes('asked'),
    says: 'the service may be half replaced, or down: deploy again',
    started: true,
    // Compose makes the new one under a name with an id before it, and starts it when the old one is gone.
    left: () => [expect.objectContaining({ status: 'created', version: '2' }), runsAsBefore()],
    free: () => docker('exec', before.id, 'touch', '/free'),
  },
  {
    where: 'the gate',
    options: () => ({
      gate: '1h',
      lines: [
        `healthcheck: { test: "until [ -e /free ]; do sleep 0.1; done", interval: 100ms, timeout: 1h }`,
      ],
    }),
    change: () => stage.change(),
    isReached: () => hasEnded(stage, 'up'),
    says: 'docker compose is done, but nobody knows whether the service works: look at it, or deploy again',
    started: true,
    left: () => [expect.objectContaining({ status: 'running', version: '2' })],
    async free() {
      const [container] = await stage.containers()
      await docker('exec', container?.id ?? '', 'touch', '/free')
    },
  },
]

async function letTimeRunOut() {
  for (const step of ['pull', 'up'] as const) await backdate(stage, step, 3_600_000)
}

const askForCancel = async () => {
  const [job] = await stage.jobs()
  expect(await stage.cancel(job?.id)).toMatchObject({ status: 202 })
}

const stops = [
  { how: 'cancelled', state: 'cancelled', code: '130', isKilled: false, give: askForCancel },
  { how: 'timed out', state: 'timed-out', code: '124', isKilled: false, limit: '6s', give: async () => {} },
  { how: 'cancelled without a worker', state: 'cancelled', code: '130', isKilled: true, give: askForCancel },
  { how: 'timed out without a worker', state: 'timed-out', code: '124', isKilled: true, give: letTimeRunOut },
]

describeWithEngine('a deploy that is', () => {
  beforeAll(async () => {
    registry = await startRegistry()
    line = await createSlowLine(registry.address)
  })
  beforeEach(() => {
    round++
  })
  afterEach(async () => {
    line.letGo()
    await stage.clear()
  })
  afterAll(async () => {
    await line.remove()
    await registry.remove()
  })

  const cases = stops.flatMap((stop) => places.map((place) => ({ ...stop, place, where: place.where })))

  it.each(cases)('$how in $where leaves what its log says, and heals', async (it) => {
    const { place, state, code, isKilled, limit, give } = it
    await registry.push(`app-${round}`, '1')
    stage = await setStage(place.options())
    const worker = await stage.begin('never', limit === undefined ? {} : { DEPLOY_TIMEOUT: limit })
    before = await onlyContainer()
    await place.change()

    const asked = stage.deploy()
    await until('the deploy is there', () => place.isReached())
    if (isKilled) await worker.end('SIGKILL')
    await give()
    if (isKilled) stage.bench.startWorker()
    const { exitCode, body } = await asked.answer

    expect(exitCode).toBe(code)
    expect(body).toContain(`; ${place.says}\n`)
    expect(await stage.jobs()).toMatchObject([{ state, started: place.started }])
    expect(await stage.containers()).toEqual(place.left())

    await place.free()
    if (!isKilled) await worker.end('SIGKILL')
    if (!isKilled) stage.bench.startWorker()
    await heals()
  })

  /** Deploys again, at most twice, as the notice advises. */
  async function heals() {
    const first = await stage.deploy().answer
    const last = first.exitCode === '0' ? first : await stage.deploy().answer
    expect(last.exitCode).toBe('0')
    const { name, files } = before
    expect(await onlyContainer()).toMatchObject({ name, files, status: 'running', version: '2' })
  }

  async function onlyContainer(): Promise<StageContainer> {
    const [container, ...others] = await stage.containers()
    expect(others).toEqual([])
    if (container === undefined) throw new Error('The service has no container')
    return container
  }
})
