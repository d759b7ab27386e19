import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { testEngine } from '@redeployster/shared/testing/docker'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import { ask } from './http.ts'
import { freePort, startRedeployster, type Part } from './process.ts'
import { isReady } from './ready.ts'
import { until } from './until.ts'

type PartName = 'api' | 'worker'

/** redeployster at work, in one of its layouts. */
export interface Deployment {
  /** Where it can be reached; with several APIs, each of them. */
  readonly urls: readonly [string, ...string[]]
  readonly redisUrl: string | undefined
  /** The Redis of the parts that are apart; `serve` keeps its own. */
  readonly redis: TestRedis | undefined
  readonly stateDir: string
  /** Starts all of it, or the parts that are down. Resolves when it is ready. */
  start(): Promise<void>
  /** Sends a signal to the processes that hold this part (in `serve` one holds both) and waits for their end. */
  end(part: PartName, signal: NodeJS.Signals): Promise<void>
  process(part: PartName): Part
  /** Everything that its processes have logged since the start. */
  output(): string
  stop(): Promise<void>
}

export type LayoutName = 'serve' | 'two APIs and a worker'
export const layouts: readonly LayoutName[] = ['serve', 'two APIs and a worker']

export async function deployRedeployster(
  name: LayoutName,
  env: Record<string, string> = {},
): Promise<Deployment> {
  const engine = testEngine()
  const stateDir = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-e2e-'))
  const common = {
    DOCKER_HOST: engine.dockerHost,
    COMPOSE_COMMAND: engine.compose,
    STATE_DIR: stateDir,
    LOG_LEVEL: 'debug',
    LISTEN: '127.0.0.1',
    // All that is wrong comes from one address here.
    FAILED_AUTH_LIMIT: '1000000',
    ...env,
  }
  return name === 'serve' ? serveLayout(common, stateDir) : apartLayout(common, stateDir)
}

interface Role {
  readonly words: readonly string[]
  readonly holds: readonly PartName[]
  readonly env: Record<string, string>
}

async function serveLayout(common: Record<string, string>, stateDir: string): Promise<Deployment> {
  const port = await freePort()
  const role: Role = { words: ['serve'], holds: ['api', 'worker'], env: { ...common, PORT: String(port) } }
  return createDeployment([role], [`http://127.0.0.1:${port}`], stateDir)
}

async function apartLayout(common: Record<string, string>, stateDir: string): Promise<Deployment> {
  const redis = await startRedis({ tcp: true, appendOnly: true })
  const ports = [await freePort(), await freePort()] as const
  const env = { ...common, REDIS_URL: redis.url, REDEPLOYSTER_SECRET: 'a-secret-for-tests-only' }
  const apis = ports.map((port): Role => ({
    words: ['api'],
    holds: ['api'],
    env: { ...env, PORT: String(port) },
  }))
  const worker: Role = { words: ['worker'], holds: ['worker'], env }
  const urls = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`] as const
  return createDeployment([...apis, worker], urls, stateDir, redis)
}

async function createDeployment(
  roles: readonly Role[],
  urls: readonly [string, ...string[]],
  stateDir: string,
  redis?: TestRedis,
): Promise<Deployment> {
  const running = new Map<Role, Part>()
  const ended: string[] = []

  async function endRole(role: Role, signal: NodeJS.Signals) {
    const part = running.get(role)
    if (!part) return
    running.delete(role)
    await part.end(signal)
    ended.push(part.output())
  }

  const holding = (part: PartName) => roles.filter(({ holds }) => holds.includes(part))

  const deployment: Deployment = {
    urls,
    redisUrl: redis?.url,
    redis,
    stateDir,
    async start() {
      for (const role of roles) {
        if (!running.has(role)) running.set(role, startRedeployster(role.words, role.env))
      }
      await Promise.all(urls.map((url) => until(`${url} is ready`, () => isReady(url))))
    },
    async end(part, signal) {
      await Promise.all(holding(part).map((role) => endRole(role, signal)))
    },
    process(part) {
      const found = holding(part).flatMap((role) => running.get(role) ?? [])[0]
      if (!found) throw new Error(`No ${part} runs`)
      return found
    },
    output: () => [...ended, ...[...running.values()].map((part) => part.output())].join('\n'),
    async stop() {
      await Promise.all(roles.map((role) => endRole(role, 'SIGTERM')))
      await redis?.stop()
      await fs.rm(stateDir, { recursive: true, force: true })
    },
  }
  try {
    await deployment.start()
  } catch (error) {
    // Nobody else could end what has started: whoever asked has nothing in hand.
    await deployment.stop()
    throw error
  }
  return deployment
}

/** Resolves when the token may deploy the service. */
export async function published(url: string, token: string, service: string): Promise<void> {
  await until(`${service} is published`, async () => {
    const { status, body } = await ask('GET', `${url}/services`, token).answer
    if (status !== 200) return false
    const { services } = JSON.parse(body) as { services: { service: string; state: string }[] }
    return services.some((it) => it.service === service && it.state === 'deployable')
  })
}
