import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { testEngine } from '@redeployster/shared/testing/docker'
import Docker from 'dockerode'
import type { AtEnd } from './ending.ts'

/** Many real containers that were made as compose makes them, but never started. */
export interface Fleet {
  readonly folder: string
  readonly services: readonly FleetService[]
  /** Replaces the container of a service by one with another token; resolves when the engine has it. */
  changeToken(service: FleetService, token: string): Promise<void>
  /** Before the case ends. */
  remove(): Promise<void>
}

export interface FleetService {
  readonly project: string
  readonly name: string
  readonly token: string
}

export interface FleetSize {
  readonly projects: number
  readonly servicesEach: number
  /** Further containers in each project that are none of ours. */
  readonly othersEach?: number
}

const atOnce = 8

export async function createFleet(
  atEnd: AtEnd,
  { projects, servicesEach, othersEach = 0 }: FleetSize,
): Promise<Fleet> {
  const docker = new Docker({ socketPath: testEngine().dockerHost.replace('unix://', '') })
  const folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'rd-fleet-')))
  const run = randomBytes(3).toString('hex')
  const services = Array.from({ length: projects * servicesEach }, (_, index): FleetService => ({
    project: `f${run}p${Math.floor(index / servicesEach)}`,
    name: `s${index}`,
    token: randomBytes(12).toString('hex'),
  }))
  const containers = new Set<Docker.Container>()
  async function remove() {
    await fs.rm(folder, { recursive: true, force: true })
    await inTurns([...containers], async (container) => {
      // One that was replaced is gone already.
      await container.remove({ force: true }).catch(() => {})
    })
    containers.clear()
  }
  atEnd(remove)

  const byProject = groupByProject(services)
  for (const [project, own] of byProject) {
    const directory = path.join(folder, project)
    await fs.mkdir(directory)
    await fs.writeFile(path.join(directory, 'compose.yaml'), yamlOf(own))
  }

  async function create(service: FleetService, ownLabels: Record<string, string>) {
    const directory = path.join(folder, service.project)
    const container = await docker.createContainer({
      Image: 'fixture/busybox:1',
      Cmd: ['sleep', 'infinity'],
      name: `${service.project}-${service.name}-1`,
      HostConfig: { NetworkMode: 'none' },
      Labels: {
        'com.docker.compose.project': service.project,
        'com.docker.compose.service': service.name,
        'com.docker.compose.project.working_dir': directory,
        'com.docker.compose.project.config_files': path.join(directory, 'compose.yaml'),
        'com.docker.compose.container-number': '1',
        'com.docker.compose.oneoff': 'False',
        ...ownLabels,
      },
    })
    containers.add(container)
  }

  const others = [...byProject.keys()].flatMap((project) =>
    Array.from({ length: othersEach }, (_, index) => ({ project, name: `other${index}`, token: '' })),
  )
  const wanted = [
    ...services.map((it) => [it, labelsOf(it)] as const),
    ...others.map((it) => [it, {}] as const),
  ]
  await inTurns(wanted, async ([service, labels]) => create(service, labels))

  return {
    folder,
    services,
    async changeToken(service, token) {
      const directory = path.join(folder, service.project)
      const own = (byProject.get(service.project) ?? []).map((it) =>
        it.name === service.name ? { ...it, token } : it,
      )
      await fs.writeFile(path.join(directory, 'compose.yaml'), yamlOf(own))
      await docker.getContainer(`${service.project}-${service.name}-1`).remove({ force: true })
      await create(service, labelsOf({ ...service, token }))
    },
    remove,
  }
}

function groupByProject(services: readonly FleetService[]): Map<string, FleetService[]> {
  const groups = new Map<string, FleetService[]>()
  for (const service of services)
    groups.set(service.project, [...(groups.get(service.project) ?? []), service])
  return groups
}

function labelsOf({ token }: FleetService): Record<string, string> {
  return { 'redeployster.token': token, 'redeployster.gate': 'none', 'redeployster.pull': 'missing' }
}

function yamlOf(services: readonly FleetService[]): string {
  const lines = services.map(
    (it) =>
      `  ${it.name}: { image: "fixture/busybox:1", network_mode: none, labels: ${JSON.stringify(labelsOf(it))} }`,
  )
  return ['services:', ...lines, ''].join('\n')
}

async function inTurns<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items]
  const work = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await act(item)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}
