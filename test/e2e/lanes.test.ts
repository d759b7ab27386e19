import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import {
  createProject,
  describeWithEngine,
  removeProjects,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { holdCompose, type HeldCompose } from '../harness/held-compose.ts'
import { ask, getJson, type Asked } from '../harness/http.ts'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { until } from '../harness/until.ts'

/** What each service depends on. */
type Dependencies = Readonly<Record<string, readonly string[]>>

const eight = Array.from({ length: 8 }, (_, index) => `web${index + 1}`)
const sharing: Dependencies = { db: [], ...Object.fromEntries(eight.map((name) => [name, ['db']])) }

const jobOf = async ({ begun }: Asked) => String((await begun).headers['job-id'])
const exitCodes = async (asked: readonly Asked[]) =>
  (await Promise.all(asked.map(({ answer }) => answer))).map(({ exitCode }) => exitCode)

let token: string
beforeEach(() => {
  token = randomBytes(16).toString('hex')
})
afterEach(removeProjects)

interface ProjectOptions {
  /** Another version changes `db`, and nothing else. */
  readonly version?: number
  /** Whether a deploy of a service also deploys what it depends on. */
  readonly deps?: boolean
}

function yamlOf(dependencies: Dependencies, { version = 1, deps = true }: ProjectOptions = {}): string {
  // How long a container has to run is what the tests of the gate are for.
  const labels = `{ redeployster.token: ${token}, redeployster.gate: 500ms, redeployster.deps: "${deps}" }`
  const services = Object.entries(dependencies).flatMap(([name, needed]) => [
    `  ${name}:`,
    `    <<: *base`,
    `    labels: ${labels}`,
    `    depends_on: [${needed.join(', ')}]`,
    ...(name === 'db' ? [`    environment: { VERSION: "${version}" }`] : []),
  ])
  return ['services:', ...services].join('\n')
}

async function startProject(dependencies: Dependencies, options?: ProjectOptions): Promise<TestProject> {
  const project = await createProject({ yaml: yamlOf(dependencies, options) })
  await project.up()
  return project
}

async function startPublished(
  deployment: Deployment,
  dependencies: Dependencies,
  options?: ProjectOptions,
): Promise<TestProject> {
  const project = await startProject(dependencies, options)
  await Promise.all(Object.keys(dependencies).map((name) => published(deployment.urls[0], token, name)))
  return project
}

function deployWith({ urls }: Deployment, service: string): Asked {
  return ask('POST', `${urls[0]}/${service}`, token)
}

/** Resolves when the stream of a deploy says that it waits for another one. */
async function waits(asked: Asked, blocker: Asked): Promise<void> {
  const notice = `redeployster: waiting for job ${await jobOf(blocker)}`
  await until(`its stream says "${notice}"`, () => asked.text().includes(notice))
}

/** The services that are being deployed after these events. */
function running(events: readonly string[]): readonly string[] {
  return events.reduce<readonly string[]>((now, line) => {
    const [verb, service = ''] = line.split(' ')
    return verb === 'begin' ? [...now, service] : now.filter((name) => name !== service)
  }, [])
}

/** The services that were being deployed, after each event. */
function atWork(events: readonly string[]): readonly (readonly string[])[] {
  return events.map((_, index) => running(events.slice(0, index + 1)))
}

function doOverlap(services: readonly string[], dependencies: Dependencies): boolean {
  const lanes = services.flatMap((name) => [name, ...(dependencies[name] ?? [])])
  return new Set(lanes).size < lanes.length
}

describeWithEngine('deploys whose lanes overlap', () => {
  it('fail when 8 people run compose at once for services that share a changed dependency', async () => {
    const project = await startProject(sharing)
    const failures: string[] = []
    for (let version = 2; version < 12 && failures.length === 0; version++) {
      await project.write('compose.yaml', yamlOf(sharing, { version }))
      const ends = await Promise.allSettled(eight.map((name) => project.up('--', name)))
      failures.push(...ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : [])))
    }
    expect(failures.join('\n'), 'bare compose has never failed in 10 rounds').toMatch(
      /already in use|No such container|is not running|removal of container/,
    )
  })

  describe.each(layouts)('with %s', (layout) => {
    let compose: ScriptedCompose
    let deployment: Deployment

    beforeAll(async () => {
      compose = await scriptCompose(`
echo "begin $service" >>"$folder/events"
real "$@"
code=$?
echo "end $service" >>"$folder/events"
exit $code`)
      deployment = await deployRedeployster(layout, {
        COMPOSE_COMMAND: compose.command,
        MAX_PARALLEL_DEPLOYS: '8',
      })
    })
    beforeEach(async () => {
      await fs.rm(path.join(compose.folder, 'events'), { force: true })
    })
    afterAll(async () => {
      await deployment.stop()
      await compose.remove()
    })

    it('succeed when 8 pipelines ask at once for services that share a changed dependency', async () => {
      const project = await startPublished(deployment, sharing)
      await project.write('compose.yaml', yamlOf(sharing, { version: 2 }))
      expect(await exitCodes(eight.map((name) => deployWith(deployment, name)))).toEqual(Array(8).fill('0'))
      expect(await overlapping(sharing)).toEqual([])
      const up = await project.compose('ps', '--services', '--status', 'running')
      expect(up.split('\n').sort()).toEqual(Object.keys(sharing).sort())
    })

    it('never run at the same time, though others do', async () => {
      const ring = {
        a: [],
        b: [],
        c: [],
        d: [],
        ab: ['a', 'b'],
        bc: ['b', 'c'],
        cd: ['c', 'd'],
        da: ['d', 'a'],
      }
      await startPublished(deployment, ring)
      const asked = [...Object.keys(ring), ...Object.keys(ring)].map((name) => deployWith(deployment, name))
      expect(new Set(await exitCodes(asked))).toEqual(new Set(['0']))
      expect(await overlapping(ring)).toEqual([])
    })

    /** Services that were deployed at the same time, and should not have been. */
    async function overlapping(dependencies: Dependencies) {
      const text = await fs.readFile(path.join(compose.folder, 'events'), 'utf8')
      return atWork(text.trim().split('\n')).filter((services) => doOverlap(services, dependencies))
    }
  })
})

describeWithEngine('deploys', () => {
  withHeldCompose(8, (held) => {
    it('of 8 projects all run at the same time', async () => {
      await Promise.all(eight.map((name) => startPublished(held.deployment, { [name]: [] })))
      expect(await meet(eight)).toEqual(Array(8).fill('0'))
    })

    it.each<[string, Dependencies, readonly string[], ProjectOptions?]>([
      ['of one project that depend on nothing', { red: [], blue: [] }, ['red', 'blue']],
      ['that depend on different ones', { db: [], mq: [], red: ['db'], blue: ['mq'] }, ['red', 'blue']],
      [
        'that do not deploy what they share',
        { db: [], red: ['db'], blue: ['db'] },
        ['red', 'blue'],
        { deps: false },
      ],
    ])('of services %s run at the same time', async (_, dependencies, names, options) => {
      await startPublished(held.deployment, dependencies, options)
      expect(await meet(names)).toEqual(['0', '0'])
    })

    it('of narrow lanes do not overtake an older one of a wide lane', async () => {
      await startPublished(held.deployment, { a: [], b: [], c: [], all: ['a', 'b', 'c'] })
      const narrow = deployWith(held.deployment, 'a')
      await held.compose.begun('a')
      const wide = deployWith(held.deployment, 'all')
      await waits(wide, narrow)
      const later = ['b', 'c', 'a'].map((name) => deployWith(held.deployment, name)) as [Asked, Asked, Asked]
      await Promise.all([waits(later[0], wide), waits(later[1], wide), later[2].begun])

      await held.compose.end('a')
      await held.compose.end('all')
      await Promise.all([held.compose.end('b'), held.compose.end('c'), held.compose.end('a', 0, 2)])

      expect(await exitCodes([narrow, wide, ...later])).toEqual(Array(5).fill('0'))
      const events = await held.compose.events()
      expect(events.slice(0, 4)).toEqual(['begin a', 'end a', 'begin all', 'end all'])
    })

    /** No deploy ends before all have begun. */
    async function meet(names: readonly string[]) {
      const asked = names.map((name) => deployWith(held.deployment, name))
      await Promise.all(names.map((name) => held.compose.begun(name)))
      await Promise.all(names.map((name) => held.compose.end(name)))
      return exitCodes(asked)
    }
  })
})

describeWithEngine('a deploy that pulls', () => {
  it('keeps no newer one waiting whose lane does not overlap its own', async () => {
    const compose = await scriptCompose(
      `
case " $* " in *" pull "*)
  until [ -e "$folder/pulled" ]; do sleep 0.1; done
  exit ;;
esac
real "$@"`,
      'true',
      ['up', 'pull'],
    )
    const deployment = await deployRedeployster('serve', { COMPOSE_COMMAND: compose.command })
    onTestFinished(async () => {
      await deployment.stop()
      await compose.remove()
    })
    const labels = (pull: string) =>
      `labels: { redeployster.token: ${token}, redeployster.gate: 500ms, redeployster.pull: ${pull} }`
    const project = await createProject({
      yaml: `
services:
  slow:
    <<: *base
    ${labels('always')}
  quick:
    <<: *base
    ${labels('never')}
`,
    })
    await project.up()
    await Promise.all(['slow', 'quick'].map((name) => published(deployment.urls[0], token, name)))

    const slow = deployWith(deployment, 'slow')
    await until('it pulls', async () => (await compose.starts()).length === 1)
    const quick = deployWith(deployment, 'quick')
    await until('the newer one is done', () => quick.text().includes('exit-code:'))
    await fs.writeFile(path.join(compose.folder, 'pulled'), '')
    expect(await exitCodes([slow, quick])).toEqual(['0', '0'])
  })
})

describeWithEngine('with MAX_PARALLEL_DEPLOYS=2', () => {
  withHeldCompose(2, (held) => {
    it('never more than two deploys are at work', async () => {
      const names = eight.slice(0, 6)
      await Promise.all(names.map((name) => startPublished(held.deployment, { [name]: [] })))
      const asked = names.map((name) => deployWith(held.deployment, name))
      await Promise.all(asked.map(({ begun }) => begun))
      for (let left = names.length; left > 0; left--) {
        const [oldest = ''] = await until('as many run as may', async () => {
          const now = running(await held.compose.events())
          return now.length >= Math.min(2, left) && now
        })
        await held.compose.end(oldest)
      }

      expect(await exitCodes(asked)).toEqual(names.map(() => '0'))
      expect(Math.max(...atWork(await held.compose.events()).map(({ length }) => length))).toBe(2)
    })

    it('a deploy that waits for its lane is queued, and keeps nobody else from running', async () => {
      await startPublished(held.deployment, { db: [], web: ['db'] })
      await startPublished(held.deployment, { other: [] })
      const first = deployWith(held.deployment, 'db')
      await held.compose.begun('db')
      const waiting = deployWith(held.deployment, 'web')
      await waits(waiting, first)
      const url = `${held.deployment.urls[0]}/jobs/${await jobOf(waiting)}`
      expect(await getJson(url, token)).toMatchObject({ state: 'queued', started: false })

      const other = deployWith(held.deployment, 'other')
      await held.compose.begun('other')
      for (const name of ['db', 'web', 'other']) await held.compose.end(name)
      expect(await exitCodes([first, waiting, other])).toEqual(['0', '0', '0'])
    })
  })
})

interface Held {
  readonly compose: HeldCompose
  readonly deployment: Deployment
}

/** redeployster in each of its layouts, with a compose whose ends the tests choose. */
function withHeldCompose(maxParallelDeploys: number, tests: (held: Held) => void): void {
  describe.each(layouts)('with %s', (layout) => {
    let compose: HeldCompose
    let deployment: Deployment

    beforeAll(async () => {
      compose = await holdCompose()
      deployment = await deployRedeployster(layout, {
        COMPOSE_COMMAND: compose.command,
        MAX_PARALLEL_DEPLOYS: String(maxParallelDeploys),
      })
    })
    beforeEach(() => compose.reset())
    afterAll(async () => {
      await deployment.stop()
      await compose.remove()
    })

    tests({
      get compose() {
        return compose
      },
      get deployment() {
        return deployment
      },
    })
  })
}
