import type { CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import { hostId, projectName, serviceName } from '@redeployster/shared/contract/service'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createMemoryDocker, createMemoryPublisher } from '../testing/catalogue.ts'
import type { CheckOutcome } from './entries.ts'
import { keepCatalogue } from './keep-catalogue.ts'
import { namedService, type Container, type SeenService } from './services-from-containers.ts'

const waiting = { timeout: 20_000, interval: 5 }
const host = hostId.parse('ALPHA')

function container(name: string, token = 'dolphin', more: Partial<Container> = {}): Container {
  const [project = '', service = ''] = name.split('/')
  return {
    id: name,
    created: 1,
    image: 'hello:1',
    imageId: 'sha256:1',
    state: 'running',
    status: 'Up',
    labels: {
      'com.docker.compose.project': project,
      'com.docker.compose.service': service,
      ...(token && { 'redeployster.token': token }),
    },
    ...more,
  }
}

const gone: CatalogueEntry = {
  host,
  project: projectName.parse('shop'),
  service: serviceName.parse('gone'),
  state: 'gone',
  digests: ['digest of old'],
  image: 'gone:1',
  health: 'running',
  goneSince: new Date().toISOString(),
}

let stopping: AbortController
beforeEach(() => {
  stopping = new AbortController()
})
afterEach(() => stopping.abort())

/** Finds a service deployable with its token as digest. */
const accept = async ({ labels }: SeenService): Promise<CheckOutcome> => ({
  kind: 'deployable',
  digests: [`digest of ${labels['redeployster.token']}`],
})

interface Given {
  readonly containers?: readonly Container[]
  readonly check?: (seen: SeenService) => Promise<CheckOutcome>
  readonly publisher?: ReturnType<typeof createMemoryPublisher>
}

async function keep({ containers = [], check = accept, publisher = createMemoryPublisher() }: Given = {}) {
  const docker = createMemoryDocker(...containers)
  const said: string[] = []
  const checked = vi.fn<(seen: SeenService) => Promise<CheckOutcome>>(check)
  const { republish, lastListed } = await keepCatalogue({
    host,
    docker,
    publisher,
    check: checked,
    onEntries: () => {},
    logger: pino({ base: null }, { write: (line) => void said.push(line) }),
    signal: stopping.signal,
  })
  /** What is published: `shop/hello deployable digest of dolphin`. */
  const entries = () =>
    (publisher.last()?.entries ?? []).map(
      ({ project, service, state, digests }) => `${project}/${service} ${state} ${digests.join()}`,
    )
  return { docker, publisher, checked, said, entries, republish, lastListed }
}

const hello = container('shop/hello')

/** A check that ends when the test says so. */
function openCheck() {
  let end: (outcome: CheckOutcome) => void = () => {}
  const outcome = new Promise<CheckOutcome>((resolve) => {
    end = resolve
  })
  return { outcome, end }
}

it('knows the containers of a service that were listed last', async () => {
  const db = container('shop/db', '')
  const { docker, lastListed } = await keep({ containers: [hello, db] })
  const known = () => [hello, db].map(({ labels }) => lastListed(namedService(labels)))
  await expect.poll(known, waiting).toEqual([[hello], [db]])
  const other = container('shop/hello', 'dolphin', { id: 'other' })
  docker.show(other, hello)
  await expect.poll(known, waiting).toEqual([[other, hello], []])
})

describe('the catalogue', () => {
  it('holds the labelled services, once they are checked', async () => {
    const { entries } = await keep({ containers: [hello, container('shop/db', '')] })
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
  })

  it('follows what happens to containers', async () => {
    const { docker, entries } = await keep()
    await expect.poll(entries, waiting).toEqual([])
    docker.show(hello)
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
    docker.show(container('shop/hello', 'porpoise'))
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of porpoise'])
    docker.show()
    await expect.poll(entries, waiting).toEqual(['shop/hello gone digest of porpoise'])
    docker.show(hello)
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
    docker.show(container('shop/hello', ''))
    await expect.poll(entries, waiting).toEqual(['shop/hello gone digest of dolphin'])
  })

  it('remembers the services that were gone before the worker was restarted', async () => {
    const publisher = createMemoryPublisher([gone])
    const { entries } = await keep({ containers: [hello], publisher })
    await expect
      .poll(entries, waiting)
      .toEqual(['shop/hello deployable digest of dolphin', 'shop/gone gone digest of old'])
  })

  it('is complete when each service was checked once, and not before', async () => {
    const { outcome, end } = openCheck()
    const { publisher, entries } = await keep({ containers: [hello], check: () => outcome })
    await vi.waitFor(() => expect(publisher.last()).toEqual({ entries: [], isComplete: false }), waiting)
    end({ kind: 'deployable', digests: ['d'] })
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable d'])
    expect(publisher.last()).toMatchObject({ isComplete: true })
  })

  it('stays complete while a new service is checked', async () => {
    const { outcome } = openCheck()
    const isNew = ({ service }: SeenService) => service === serviceName.parse('new')
    const check = (seen: SeenService) => (isNew(seen) ? outcome : accept(seen))
    const { docker, publisher, checked, entries } = await keep({ containers: [hello], check })
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
    docker.show(hello, container('shop/new'))
    await vi.waitFor(() => expect(checked.mock.calls.some(([seen]) => isNew(seen))).toBe(true), waiting)
    expect(publisher.last()).toMatchObject({ isComplete: true })
  })

  it('does not let a slow check keep other services out', async () => {
    const { outcome, end } = openCheck()
    const isSlow = ({ service }: SeenService) => service === serviceName.parse('slow')
    const containers = [container('shop/slow'), hello, container('shop/web')]
    const check = (seen: SeenService) => (isSlow(seen) ? outcome : accept(seen))
    const { entries } = await keep({ containers, check })
    const others = [
      'shop/hello deployable digest of dolphin',
      'shop/web deployable digest of dolphin',
    ] as const
    await expect.poll(entries, waiting).toEqual([...others])
    end({ kind: 'deployable', digests: ['d'] })
    await expect.poll(entries, waiting).toEqual(['shop/slow deployable d', ...others])
  })

  it('is not published once more for each check of many', async () => {
    const containers = Array.from({ length: 200 }, (_, index) => container(`shop/s${index}`))
    const { publisher, entries } = await keep({ containers })
    await expect.poll(() => entries().length, waiting).toBe(200)
    expect(publisher.all.length).toBeLessThan(100)
  })

  it('lists the containers of those services only to which something has happened', async () => {
    const { docker, entries } = await keep({ containers: [hello, container('shop/web')] })
    await expect.poll(() => entries().length, waiting).toBe(2)
    const looked = vi.spyOn(docker, 'containers')
    docker.shown = [container('shop/hello', 'porpoise'), container('shop/web')]
    docker.tell(hello)
    await expect.poll(entries, waiting).toContain('shop/hello deployable digest of porpoise')
    expect(entries()).toContain('shop/web deployable digest of dolphin')
    expect(looked.mock.calls).toEqual([[{ project: 'shop', service: 'hello' }]])
  })

  it('sees what changed while a check was under way', async () => {
    const { outcome, end } = openCheck()
    const { docker, checked, entries } = await keep({ containers: [hello], check: () => outcome })
    await vi.waitFor(() => expect(checked).toHaveBeenCalled(), waiting)
    docker.show()
    end({ kind: 'deployable', digests: ['d'] })
    await expect.poll(entries, waiting).toEqual(['shop/hello gone d'])
  })

  it('sees what the engine shows only after it has told of it', async () => {
    const { docker, publisher, entries } = await keep({ containers: [hello] })
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
    const looked = vi.spyOn(docker, 'containers')
    docker.tell()
    await vi.waitFor(() => expect(looked).toHaveBeenCalled(), waiting)
    docker.shown = [{ ...hello, state: 'exited' }]
    await expect.poll(() => publisher.last()?.entries, waiting).toMatchObject([{ health: 'exited' }])
  })

  it('is looked at anew when the connection to the engine was cut', async () => {
    const { docker, entries } = await keep({ containers: [hello] })
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
    docker.shown = []
    docker.cut()
    await expect.poll(entries, waiting).toEqual(['shop/hello gone digest of dolphin'])
    docker.show(hello)
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
  })

  it('is published again when that failed', async () => {
    const publisher = createMemoryPublisher()
    const { publish } = publisher
    publisher.publish = async () => {
      publisher.publish = publish
      throw new Error('Redis is away')
    }
    const { entries, said } = await keep({ containers: [hello], publisher })
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
    expect(said.join()).toContain('Redis is away')
  })

  it('is not published again when nothing of it changed, unless somebody lost it', async () => {
    const { docker, publisher, entries, republish } = await keep({ containers: [hello] })
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
    const published = publisher.all.length
    const looked = vi.spyOn(docker, 'containers')
    docker.show({ ...hello, id: 'another', created: 2 })
    await vi.waitFor(() => expect(looked).toHaveBeenCalledTimes(1), waiting)
    docker.tell()
    await vi.waitFor(() => expect(looked).toHaveBeenCalledTimes(2), waiting)
    expect(publisher.all).toHaveLength(published)
    await republish()
    expect(publisher.all).toHaveLength(published + 1)
    expect(publisher.last()).toEqual(publisher.all[published - 1])
  })
})

function useFakeClock() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

describe('a check', () => {
  const refuse = async (): Promise<CheckOutcome> => ({ kind: 'refused', reason: 'its file is gone' })
  const doubt = async (): Promise<CheckOutcome> => ({ kind: 'unsure', digests: ['d'], reason: 'bad YAML' })

  it('is made once for a service whose labels stay as they are', async () => {
    const { docker, checked, entries } = await keep({ containers: [hello] })
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
    docker.show({ ...hello, status: 'Up (healthy)' }, container('shop/web'))
    await expect
      .poll(entries, waiting)
      .toEqual(['shop/hello deployable digest of dolphin', 'shop/web deployable digest of dolphin'])
    expect(checked).toHaveBeenCalledTimes(2)
  })

  it.each([
    { what: 'refused', first: refuse },
    { what: 'doubted', first: doubt },
  ])(
    'is made again after a minute for a service that was $what: a file is mended without an event',
    async ({ first }) => {
      useFakeClock()
      const outcomes = [first, accept]
      const { checked, entries } = await keep({
        containers: [hello],
        check: (seen) => outcomes.shift()!(seen),
      })
      await vi.waitFor(() => expect(checked).toHaveBeenCalledTimes(1), waiting)
      await vi.advanceTimersByTimeAsync(59_000)
      expect(checked).toHaveBeenCalledTimes(1)
      await vi.advanceTimersByTimeAsync(2000)
      await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
      await vi.advanceTimersByTimeAsync(120_000)
      expect(checked).toHaveBeenCalledTimes(2)
    },
  )

  it('is made again also when containers change all the time', async () => {
    useFakeClock()
    const outcomes = [refuse, accept]
    const { docker, entries } = await keep({ containers: [hello], check: (seen) => outcomes.shift()!(seen) })
    for (let seconds = 0; seconds < 70; seconds += 10) {
      docker.tell()
      await vi.advanceTimersByTimeAsync(10_000)
    }
    await expect.poll(entries, waiting).toEqual(['shop/hello deployable digest of dolphin'])
  })

  it.each([
    { outcome: accept, says: 'shop/hello is deployable: POST /hello; its token can be guessed' },
    { outcome: refuse, says: 'shop/hello is not deployable: its file is gone' },
    { outcome: doubt, says: 'shop/hello is not deployable: bad YAML' },
  ])('is reported: $says', async ({ outcome, says }) => {
    const { said } = await keep({ containers: [hello], check: outcome })
    await vi.waitFor(() => expect(said.join()).toContain(says), waiting)
    expect(said.join()).not.toContain('dolphin')
  })
})
