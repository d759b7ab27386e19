import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { testEngine } from '@redeployster/shared/testing/docker'
import { ask } from '../test/harness/http.ts'
import { freePort, startProcess, type Part } from '../test/harness/process.ts'
import { until } from '../test/harness/until.ts'

const bundle = new URL('../packages/cli/bundle/main.js', import.meta.url).pathname

/** The published bundle as `redeployster serve`, with a Redis of its own. */
export interface Serve {
  readonly url: string
  readonly part: Part
  readonly stateDir: string
  /** Where its Redis listens; nobody else may. */
  readonly redisUrl: string
  stop(): Promise<void>
}

export async function startServe(env: Record<string, string> = {}): Promise<Serve> {
  const { dockerHost, compose } = testEngine()
  const stateDir = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-bench-'))
  const port = await freePort()
  const part = startProcess(process.execPath, [bundle, 'serve'], {
    DOCKER_HOST: dockerHost,
    COMPOSE_COMMAND: compose,
    STATE_DIR: stateDir,
    LISTEN: '127.0.0.1',
    PORT: String(port),
    FAILED_AUTH_LIMIT: '1000000',
    LOG_LEVEL: 'warn',
    ...env,
  })
  const url = `http://127.0.0.1:${port}`
  await until('redeployster is ready', () => isReady(url), 30_000)
  return {
    url,
    part,
    stateDir,
    redisUrl: `unix://${path.join(stateDir, 'redis', 'redis.sock')}`,
    async stop() {
      await part.end('SIGTERM')
      await fs.rm(stateDir, { recursive: true, force: true })
    },
  }
}

async function isReady(url: string): Promise<boolean> {
  return ask('GET', `${url}/readyz`).answer.then(
    ({ status }) => status === 200,
    () => false,
  )
}
