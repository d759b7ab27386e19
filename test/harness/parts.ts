import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { testEngine } from '@redeployster/shared/testing/docker'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts'
import { freePort, startProcess, type Part } from './process.ts'
import { until } from './until.ts'
import { ask } from './http.ts'

const dyingPart = new URL('dying-part.mjs', import.meta.url).pathname

type Role = 'api' | 'worker'

/** The parts of a deployment, each started and killed by the test itself. */
export interface Bench {
  readonly url: string
  readonly stateDir: string
  readonly redis: TestRedis
  /** The line of each part to Redis. */
  readonly lines: Readonly<Record<Role, FaultProxy>>
  /** With `dieAt`: kills itself with SIGKILL when it reaches that boundary of the walk. */
  startApi(dieAt?: string): Promise<Part>
  startWorker(dieAt?: string, env?: Record<string, string>): Part
  /** The next part that reaches this boundary of the walk freezes itself there. */
  haltAt(boundary: string): Promise<void>
  /** Ends every part that still lives. */
  clear(): Promise<void>
}

export async function createBench(env: Record<string, string> = {}): Promise<Bench> {
  const engine = testEngine()
  const redis = await startRedis({ tcp: true, appendOnly: true })
  const redisPort = Number(new URL(redis.url).port)
  const lines = { api: await startFaultProxy(redisPort), worker: await startFaultProxy(redisPort) }
  const port = await freePort()
  const stateDir = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-bench-'))
  const haltFile = `${stateDir}.halt`
  await fs.writeFile(haltFile, '')
  const url = `http://127.0.0.1:${port}`
  const parts: Part[] = []
  const common = {
    REDEPLOYSTER_SECRET: 'a-secret-for-tests-only',
    STATE_DIR: stateDir,
    DOCKER_HOST: engine.dockerHost,
    COMPOSE_COMMAND: engine.compose,
    LISTEN: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'debug',
    ...env,
  }

  function start(role: Role, dieAt = 'never', more: Record<string, string> = {}): Part {
    const REDIS_URL = `redis://127.0.0.1:${lines[role].port}`
    const part = startProcess(process.execPath, [dyingPart, role], {
      REDIS_URL,
      ...common,
      ...more,
      DIE_AT: dieAt,
      HALT_FILE: haltFile,
    })
    parts.push(part)
    return part
  }

  return {
    url,
    stateDir,
    redis,
    lines,
    async startApi(dieAt) {
      const part = start('api', dieAt)
      const ended = part.exited.then(() => Promise.reject(new Error(`The API ended:\n${part.output()}`)))
      ended.catch(() => {})
      await Promise.race([until('the API answers', () => answers(url)), ended])
      return part
    },
    startWorker: (dieAt, more) => start('worker', dieAt, more),
    async haltAt(boundary) {
      await fs.writeFile(haltFile, boundary)
    },
    async clear() {
      await Promise.all(parts.map((part) => part.end('SIGKILL')))
      await Promise.all([lines.api.close(), lines.worker.close()])
      await redis.stop()
      await fs.rm(stateDir, { recursive: true, force: true })
      await fs.rm(haltFile)
    },
  }
}

async function answers(url: string): Promise<boolean> {
  return ask('GET', `${url}/healthz`).answer.then(
    () => true,
    () => false,
  )
}
