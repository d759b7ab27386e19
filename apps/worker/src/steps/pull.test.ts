import { jobId } from '@redeployster/shared/contract/job'
import { beforeEach, expect, it } from 'vitest'
import type { Image } from '../images/image.ts'
import type { DeployPorts, Job } from '../job.ts'
import type { Plan } from '../job-directory.ts'
import type { StepEnd } from '../runner/run-step.ts'
import type { Step } from '../runner/follow-step.ts'
import { createStopOrder } from '../stop-order.ts'
import { pull, sayImages } from './pull.ts'

const id = jobId.parse('01a20a86-a335-71b7-85ca-93d6ab563ffd')
const plan = {
  image: 'app:1',
  pull: ['compose', 'pull'],
  before: { imageId: 'old', digest: 'sha256:1', containers: [] },
} as unknown as Plan
const fresh: Image = { id: 'new', digests: ['other@sha256:9', 'app@sha256:2'] }

let said: string[]
let noted: unknown[]
let ran: string[]
beforeEach(() => {
  said = []
  noted = []
  ran = []
})

interface Circumstances {
  /** How one pull after the other ends. */
  readonly ends?: readonly StepEnd[]
  /** What an earlier worker has started. */
  readonly started?: readonly string[]
  readonly isStopped?: boolean
  readonly image?: Image
}

async function pullWith({ ends = [0], started = [], isStopped = false, image = fresh }: Circumstances) {
  const rest = ends.values()
  const job = {
    request: { id },
    stop: createStopOrder(isStopped ? 'cancel' : undefined),
    directory: {
      step: (name: string) => Promise.resolve(name),
      hasStarted: (name: string) => Promise.resolve(started.includes(name)),
    },
    times: { take: (_: string, run: () => unknown) => run() },
    log: { notice: (text: string) => Promise.resolve(void said.push(text)) },
    logger: { debug: () => {} },
  }
  const ports = {
    jobs: {
      noteImages: (_: unknown, images: unknown) => Promise.resolve(void noted.push(images)),
    },
    docker: { image: () => Promise.resolve(image) },
    followStep: ({ name }: Step) => {
      ran.push(name)
      return Promise.resolve(rest.next().value)
    },
    signal: new AbortController().signal,
  }
  const words = [job as unknown as Job, plan, ports as unknown as DeployPorts] as const
  const verdict = await pull(...words)
  if (verdict === undefined) await sayImages(...words)
  return verdict
}

it('is repeated when its end is lost, since it changes no container', async () => {
  expect(await pullWith({ ends: ['lost', 0] })).toBeUndefined()
  expect(ran).toEqual(['pull', 'pull-again'])
  expect(said[0]).toBe('the pull was interrupted; pulling once more')
})

it('is repeated once: whatever kills it may do so each time', async () => {
  expect(await pullWith({ ends: ['lost', 'lost'] })).toMatchObject({ state: 'interrupted', started: false })
  expect(ran).toHaveLength(2)
})

it('is not announced twice when the repeated one is adopted', async () => {
  await pullWith({ ends: ['lost', 0], started: ['pull', 'pull-again'] })
  expect(said.join()).not.toContain('once more')
})

it('is not repeated when it was stopped, nor when it failed by itself', async () => {
  expect(await pullWith({ ends: ['lost'], isStopped: true })).toMatchObject({ state: 'cancelled' })
  expect(await pullWith({ ends: [18] })).toMatchObject({ state: 'failed', exitCode: 18 })
  expect(ran).toEqual(['pull', 'pull'])
})

it.each<[string, Image, string, { before: string; after: string }]>([
  [
    'by the digests of the named repository',
    fresh,
    'sha256:1 → sha256:2',
    { before: 'sha256:1', after: 'sha256:2' },
  ],
  [
    'as unchanged when it is the same, though its digest is another',
    { id: 'old', digests: ['app@sha256:3'] },
    'sha256:3 unchanged',
    { before: 'sha256:3', after: 'sha256:3' },
  ],
])('tells what it brought %s', async (_, image, text, images) => {
  await pullWith({ image })
  expect(said).toEqual([`image app:1 ${text}`])
  expect(noted).toEqual([images])
})

it('tells nothing once `up` has started, since an earlier worker has told it', async () => {
  await pullWith({ started: ['pull', 'up'] })
  expect(said).toEqual([])
})
