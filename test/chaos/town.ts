import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import { createProject, docker, removeProjects, testEngine } from '@redeployster/shared/testing/docker'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import { startFaultProxy, type FaultProxy } from '../harness/fault-proxy.ts'
import { published } from '../harness/layout.ts'
import { mayHaveEngine, startOwnEngine, type OwnEngine } from '../harness/own-engine.ts'
import { freePort, startRedeployster, type Part } from '../harness/process.ts'
import { isReady } from '../harness/ready.ts'
import type { ScriptedCompose } from '../harness/scripted-compose.ts'
import { until } from '../harness/until.ts'
import { image, scriptDeploys } from './scripted-deploys.ts'

/** Of each service what a deploy of it may touch: `web` and `api` share `db`, `proxy` waits for both, `batch` is alone. */
export const lanes: Readonly<Record<string, readonly string[]>> = {
  db: ['db'],
  web: ['web', 'db'],
  api: ['api', 'db'],
  proxy: ['proxy', 'web', 'api', 'db'],
  batch: ['batch'],
}
const projectCount = 3

/** They pull before `up`, and are rolled back when it fails; the others run what was built on the host. */
const pulled = ['web', 'batch']

/** The processes and lines of a deployment that faults can befall. */
export interface Town {
  readonly token: string
  readonly urls: readonly string[]
  readonly services: readonly { readonly project: string; readonly service: string }[]
  readonly redis: TestRedis
  /** Its own, where the machine lets us have one that we may freeze. */
  readonly engine: OwnEngine | undefined
  readonly lines: { readonly api: FaultProxy; readonly worker: FaultProxy }
  readonly stateDir: string
  readonly compose: ScriptedCompose
  parts(role: Role): readonly Part[]
  /** Starts what is down; with a role, only what has that one. */
  restart(role?: Role): void
  /** Raises the version that the next `up` reads; returns it. */
  nextVersion(): number
  /** Parts that ended without being told to. */
  readonly deaths: readonly string[]
  events(): readonly string[]
  note(event: string): void
  ready(): Promise<void>
  stop(): Promise<void>
}

export type Role = 'api' | 'worker'

export async function buildTown(): Promise<Town> {
  const token = randomBytes(16).toString('hex')
  const engine = mayHaveEngine ? await startOwnEngine() : undefined
  await makeImages()
  const compose = await scriptDeploys()
  const projects = await Promise.all(
    Array.from({ length: projectCount }, () => createProject({ yaml: yamlOf(token) })),
  )
  for (const project of projects) await project.up()
  const redis = await startRedis({ tcp: true, appendOnly: true })
  const redisPort = Number(new URL(redis.url).port)
  const lines = { api: await startFaultProxy(redisPort), worker: await startFaultProxy(redisPort) }
  const stateDir = fs.mkdtempSync(path.join(os.tmpdir(), 'rd-chaos-'))
  const ports = [await freePort(), await freePort()]
  const urls = ports.map((port) => `http://127.0.0.1:${port}`)
  const envOf = (role: Role) => ({
    DOCKER_HOST: testEngine().dockerHost,
    COMPOSE_COMMAND: compose.command,
    STATE_DIR: stateDir,
    REDIS_URL: `redis://127.0.0.1:${lines[role].port}`,
    REDEPLOYSTER_SECRET: 'a-secret-for-tests-only',
    LISTEN: '127.0.0.1',
  })
  const seats = [
    ...ports.map((port) => ({ role: 'api' as const, env: { ...envOf('api'), PORT: String(port) } })),
    // The second one waits for the engine, and takes over when the first one dies.
    { role: 'worker' as const, env: envOf('worker') },
    { role: 'worker' as const, env: envOf('worker') },
  ].map((seat) => ({ ...seat, part: undefined as Part | undefined }))
  const deaths: string[] = []
  let version = 0

  const town: Town = {
    token,
    urls,
    services: projects.flatMap(({ name }) =>
      Object.keys(lanes).map((service) => ({ project: name, service })),
    ),
    redis,
    engine,
    lines,
    stateDir,
    compose,
    parts: (role) => seats.flatMap((seat) => (seat.role === role && seat.part ? [seat.part] : [])),
    restart(role) {
      for (const seat of seats) {
        if (seat.part || (role && seat.role !== role)) continue
        const part = startRedeployster([seat.role], seat.env)
        let isEnded = false
        const end: Part['end'] = (signal) => {
          isEnded = true
          return part.end(signal)
        }
        const own = { ...part, end }
        seat.part = own
        void part.exited.then((code) => {
          if (!isEnded) deaths.push(`${seat.role} ended by itself with ${code}: ${part.output().slice(-500)}`)
          if (seat.part === own) seat.part = undefined
        })
      }
    },
    nextVersion() {
      const file = path.join(compose.folder, 'version')
      fs.writeFileSync(`${file}.tmp`, `${++version}\n`)
      fs.renameSync(`${file}.tmp`, file)
      return version
    },
    deaths,
    events: () => readLines(path.join(compose.folder, 'events')),
    note: (event) => fs.appendFileSync(path.join(compose.folder, 'events'), `${event}\n`),
    async ready() {
      await Promise.all(urls.map((url) => until(`${url} is ready`, () => isReady(url), 120_000)))
      for (const service of Object.keys(lanes)) await published(urls[0] ?? '', token, service)
    },
    async stop() {
      await Promise.all(seats.map(async ({ part }) => part?.end('SIGTERM')))
      await Promise.all([lines.api.close(), lines.worker.close()])
      await redis.stop()
      await compose.remove()
      fs.rmSync(stateDir, { recursive: true, force: true })
      await removeProjects()
      await docker('rmi', '-f', image.before, image.brought)
      await engine?.remove()
    },
  }
  town.nextVersion()
  town.restart()
  await town.ready()
  return town
}

/** One that runs, and another one that every pull brings. */
async function makeImages() {
  await docker('tag', 'fixture/busybox:1', image.before)
  const other = await docker('create', image.before, 'true')
  await docker('commit', '--change', 'ENV VERSION=2', other, image.brought)
  await docker('rm', other)
}

function yamlOf(token: string): string {
  const labels = `redeployster.token: ${token}, redeployster.gate: 1s`
  const services = Object.entries(lanes).map(([name, lane]) => {
    const others = lane.filter((it) => it !== name)
    const own = pulled.includes(name)
      ? `image: "${image.before}", labels: { ${labels}, redeployster.pull: always, redeployster.rollback: true }`
      : `labels: { ${labels} }`
    return `  ${name}: { <<: *base, ${own}, depends_on: [${others.join(', ')}] }`
  })
  return ['services:', ...services].join('\n')
}

export function readLines(file: string): readonly string[] {
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  return text.split('\n').filter((line) => line !== '')
}
