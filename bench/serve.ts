import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { testEngine } from '@redeployster/shared/testing/docker'
import { startRedis } from '@redeployster/shared/testing/redis'
import { ask } from '../test/harness/http.ts'
import { freePort, startProcess, type Part } from '../test/harness/process.ts'
import { until } from '../test/harness/until.ts'

const bundle = new URL('../packages/cli/bundle/main.js', import.meta.url).pathname

/** The published bundle at work. */
export interface Redeployster {
  readonly url: string
  /** The process that answers. */
  readonly api: Part
  readonly redisUrl: string
  stop(): Promise<void>
}

/** `redeployster serve`, with a Redis of its own. */
export async function startServe(env: Record<string, string> = {}): Promise<Redeployster> {
  const { common, url, stateDir } = await surroundings(env)
  const api = startProcess(process.execPath, [bundle, 'serve'], common)
  await ready(url, [api])
  return {
    url,
    api,
    redisUrl: `unix://${path.join(stateDir, 'redis', 'redis.sock')}`,
    async stop() {
      await api.end('SIGTERM')
      await fs.rm(stateDir, { recursive: true, force: true })
    },
  }
}

/** The API and the worker as processes of their own, on a Redis that keeps nothing. */
export async function startApart(env: Record<string, string> = {}): Promise<Redeployster> {
  const { common, url, stateDir } = await surroundings(env)
  const redis = await startRedis()
  const own = { ...common, REDIS_URL: redis.url, REDEPLOYSTER_SECRET: 'a-secret-for-benchmarks' }
  const [api, worker] = (['api', 'worker'] as const).map((role) =>
    startProcess(process.execPath, [bundle, role], own),
  )
  if (!api || !worker) throw new Error('Nothing was started')
  await ready(url, [api, worker])
  return {
    url,
    api,
    redisUrl: redis.url,
    async stop() {
      await Promise.all([api.end('SIGTERM'), worker.end('SIGTERM')])
      await redis.stop()
      await fs.rm(stateDir, { recursive: true, force: true })
    },
  }
}

async function surroundings(env: Record<string, string>) {
  const { dockerHost, compose } = testEngine()
  const stateDir = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-bench-'))
  const port = await freePort()
  const common = {
    DOCKER_HOST: dockerHost,
    COMPOSE_COMMAND: compose,
    STATE_DIR: stateDir,
    LISTEN: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'warn',
    ...env,
  }
  return { common, url: `http://127.0.0.1:${port}`, stateDir }
}

async function ready(url: string, parts: readonly Part[]): Promise<void> {
  try {
    await until('redeployster is ready', () => isReady(url), 30_000)
  } catch (error) {
    await Promise.all(parts.map((part) => part.end('SIGKILL')))
    throw new Error(parts.map((part) => part.output()).join('\n'), { cause: error })
  }
}

async function isReady(url: string): Promise<boolean> {
  return ask('GET', `${url}/readyz`).answer.then(
    ({ status }) => status === 200,
    () => false,
  )
}
