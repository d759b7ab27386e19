import { randomBytes } from 'node:crypto'
import { createProject, removeProjects, type TestProject } from '@redeployster/shared/testing/docker'
import { containersOf, variable } from './containers.ts'
import { ask, getJson, type Answer, type Asked } from './http.ts'
import { published } from './layout.ts'
import { createBench, type Bench } from './parts.ts'
import type { Part } from './process.ts'
import { scriptCompose, type ScriptedCompose } from './scripted-compose.ts'

/** A service `hello` that runs its version 1, and parts of redeployster which the test starts and kills itself. */
export interface Stage {
  readonly token: string
  readonly project: TestProject
  readonly compose: ScriptedCompose
  readonly bench: Bench
  /** Starts an API and a worker, and waits until `hello` may be deployed. */
  begin(dieAt?: string, workerEnv?: Record<string, string>): Promise<Part>
  published(): Promise<void>
  /** Makes the file one of version 2, so that a deploy really replaces the container. */
  change(): Promise<void>
  deploy(): Asked
  cancel(id: string | undefined): Promise<Answer>
  /** Newest first. */
  jobs(): Promise<readonly StageJob[]>
  containers(): Promise<readonly StageContainer[]>
  clear(): Promise<void>
}

interface StageJob {
  readonly id: string
  readonly state: string
  readonly exitCode?: number
  readonly started: boolean
  readonly requests: number
}

export interface StageContainer {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly startedAt: string
  readonly version: string | undefined
  /** The compose files that it was made from. */
  readonly files: string | undefined
}

export interface StageOptions {
  /** What `up` does instead of the real thing, as `scriptCompose` takes it. */
  readonly up?: string
  /** How long a container has to run is what the tests of the gate are for: here, 1 s unless said otherwise. */
  readonly gate?: string
  /** Further labels, and further lines of the service, in YAML. */
  readonly labels?: string
  readonly lines?: readonly string[]
  /** The version is then the image's, and the file stays as it is. */
  readonly image?: string
  /** The commands of compose that are scripted; `up` alone unless said otherwise. */
  readonly scripted?: readonly string[]
  /** Of both parts, besides what they need. */
  readonly env?: Readonly<Record<string, string>>
}

export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const { up = 'real "$@"', gate = '1s', labels = '', lines = [], image, scripted, env = {} } = options
  // Containers of a run that was killed must not answer to the same token.
  const token = randomBytes(16).toString('hex')
  const yaml = (version: number) =>
    [
      'services:',
      '  hello:',
      '    <<: *base',
      `    labels: { redeployster.token: ${token}, redeployster.gate: ${gate}, ${labels} }`,
      image === undefined ? `    environment: { VERSION: "${version}" }` : `    image: ${image}`,
      ...lines.map((line) => `    ${line}`),
      '',
    ].join('\n')
  const project = await createProject({ yaml: yaml(1) })
  await project.up()
  const compose = await scriptCompose(up, 'basename "$PWD"', scripted)
  const bench = await createBench({ COMPOSE_COMMAND: compose.command, ...env })

  const stage: Stage = {
    token,
    project,
    compose,
    bench,
    async begin(dieAt, workerEnv) {
      await bench.startApi()
      const worker = bench.startWorker(dieAt, workerEnv)
      await stage.published()
      return worker
    },
    published: () => published(bench.url, token, 'hello'),
    change: () => project.write('compose.yaml', yaml(2)),
    deploy: () => ask('POST', `${bench.url}/hello`, token),
    cancel: (id) => ask('DELETE', `${bench.url}/jobs/${id}`, token).answer,
    jobs: async () => (await getJson<{ jobs: StageJob[] }>(`${bench.url}/jobs`, token)).jobs,
    async containers() {
      const seen = await containersOf(project, 'hello')
      return seen.map((container) => ({
        id: container.id,
        name: container.name,
        status: container.status,
        startedAt: container.startedAt,
        version: variable(container, 'VERSION'),
        files: container.labels['com.docker.compose.project.config_files'],
      }))
    },
    async clear() {
      await bench.clear()
      await compose.remove()
      await removeProjects()
    },
  }
  return stage
}
