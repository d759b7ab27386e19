import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { connectRedis } from '@redeployster/shared/redis/connect'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { testEngine } from '@redeployster/shared/testing/docker'
import { startRedis } from '@redeployster/shared/testing/redis'
import { ask } from '../test/harness/http.ts'
import { freePort } from '../test/harness/process.ts'
import type { AtEnd } from './ending.ts'
import { startPart, type LoggedPart } from './part.ts'
import { untilSoon } from './until-soon.ts'

/** The published bundle at work, with its defaults. */
export interface Redeployster {
  readonly url: string
  /** The process that answers. */
  readonly api: LoggedPart
  readonly redisUrl: string
  /** Before the case ends. */
  stop(): Promise<void>
}

/** `redeployster serve`, with a Redis of its own. */
export async function startServe(atEnd: AtEnd, env: Record<string, string> = {}): Promise<Redeployster> {
  const { common, url, folder, stateDir } = await surroundings(atEnd, env)
  const api = startPart(atEnd, 'serve', common, path.join(folder, 'log'))
  await ready(url, [api])
  return {
    url,
    api,
    redisUrl: `unix://${path.join(stateDir, 'redis', 'redis.sock')}`,
    stop: () => api.stop(),
  }
}

/** The API and the worker as processes of their own, on a Redis that keeps its data as the private one does. */
export async function startApart(atEnd: AtEnd, env: Record<string, string> = {}): Promise<Redeployster> {
  const { common, url, folder } = await surroundings(atEnd, env)
  const redis = await startRedis({ appendOnly: true })
  atEnd(() => redis.stop())
  const line = connectRedis(redis.url, 'patient', createLogger('silent'))
  await line.config('SET', 'appendfsync', 'everysec')
  line.disconnect()
  const own = { ...common, REDIS_URL: redis.url, REDEPLOYSTER_SECRET: 'a-secret-for-benchmarks' }
  const api = startPart(atEnd, 'api', own, path.join(folder, 'api.log'))
  const worker = startPart(atEnd, 'worker', own, path.join(folder, 'worker.log'))
  await ready(url, [api, worker])
  return {
    url,
    api,
    redisUrl: redis.url,
    async stop() {
      await Promise.all([api.stop(), worker.stop()])
    },
  }
}

async function surroundings(atEnd: AtEnd, env: Record<string, string>) {
  const { dockerHost, compose } = testEngine()
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-bench-'))
  atEnd(() => fs.rm(folder, { recursive: true, force: true }))
  const stateDir = path.join(folder, 'state')
  // Where a person has compose, and redeployster looks for it.
  const plugins = path.join(folder, '.docker', 'cli-plugins')
  await fs.mkdir(plugins, { recursive: true })
  await fs.symlink(compose, path.join(plugins, 'docker-compose'))
  const port = await freePort()
  const common = {
    HOME: folder,
    DOCKER_HOST: dockerHost,
    STATE_DIR: stateDir,
    LISTEN: '127.0.0.1',
    PORT: String(port),
    ...env,
  }
  return { common, url: `http://127.0.0.1:${port}`, folder, stateDir }
}

async function ready(url: string, parts: readonly LoggedPart[]): Promise<void> {
  const ended = Promise.race(parts.map(({ exited }) => exited)).then(() => {
    throw new Error('It has ended')
  })
  try {
    await Promise.race([untilSoon('redeployster is ready', () => isReady(url)), ended])
  } catch (error) {
    throw new Error(`Cannot start redeployster: ${parts.map((part) => part.lastWords()).join('\n')}`, {
      cause: error,
    })
  } finally {
    ended.catch(() => {
      // It ends with the case, as it must.
    })
  }
}

async function isReady(url: string): Promise<boolean> {
  return ask('GET', `${url}/readyz`).answer.then(
    ({ status }) => status === 200,
    () => false,
  )
}
