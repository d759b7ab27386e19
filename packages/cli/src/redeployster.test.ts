import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { connectRedis } from '@redeployster/shared/redis/connect'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { startRedis } from '@redeployster/shared/testing/redis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { accepts } from './redis-server.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

// These run the command as it was built: `npm run build` first.
const bin = new URL('../bin/redeployster.js', import.meta.url).pathname
const secret = 'a-secret-that-is-long-enough'

/** A compose that is no more than its version, and an engine that is away. */
async function surroundings() {
  const folder = await temporaryFolder()
  const compose = path.join(folder, 'compose')
  await fs.writeFile(compose, '#!/bin/sh\necho 2.26.1\n', { mode: 0o755 })
  return {
    STATE_DIR: path.join(folder, 'state'),
    PORT: '0',
    LISTEN: '127.0.0.1',
    DOCKER_HOST: `unix://${folder}/docker.sock`,
    COMPOSE_COMMAND: compose,
  }
}

function start(command: string, env: Record<string, string>, ...words: readonly string[]) {
  const child = spawn(process.execPath, [bin, command, ...words], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
  })
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (printed[name] += text))
  }
  const closed = once(child, 'close').then(([code]) => ({ code: code as number | null, ...printed }))
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    closed,
    says: async (text: string) => {
      while (!printed.stdout.includes(text)) await Promise.race([once(child.stdout, 'data'), failed(closed)])
    },
    end: (signal: NodeJS.Signals) => {
      child.kill(signal)
      return closed
    },
  }
}

async function failed(closed: Promise<{ stdout: string; stderr: string }>): Promise<never> {
  throw new Error(`It has ended: ${JSON.stringify(await closed)}`)
}

describe.each(['serve', 'api', 'worker'])('redeployster %s', (command) => {
  it('lists all that is wrong with the configuration, and exits with 78', async () => {
    const wrong = {
      PORT: 'x',
      LISTEN: 'a:1',
      STATE_DIR: 'here',
      PASS_ENV: 'a-b',
      START_BY: '1',
      LOG_LEVEL: 'loud',
    }
    const { code, stdout, stderr } = await start(command, { ...wrong, REDIS_URL: 'http://:hunter2@cache' })
      .closed
    expect(code).toBe(78)
    for (const variable of [...Object.keys(wrong), 'REDIS_URL']) expect(stderr).toContain(`\n  ${variable}: `)
    expect(stderr).not.toContain('hunter2')
    expect(stdout).toBe('')
  })

  it('exits with 78 when Redis may evict jobs', async () => {
    const { url } = await evictingRedis()
    const env = { ...(await surroundings()), REDIS_URL: url, REDEPLOYSTER_SECRET: secret }
    const { code, stdout, stderr } = await start(command, env).closed
    expect(code).toBe(78)
    expect(stderr).toContain('set "maxmemory-policy noeviction"')
    expect(stdout).toBe('')
  })

  it('waits for a Redis that is away, and looks at it when it comes', async () => {
    const server = await evictingRedis()
    await server.kill('SIGKILL')
    const env = { ...(await surroundings()), REDIS_URL: server.url, REDEPLOYSTER_SECRET: secret }
    const running = start(command, env)
    await running.says('Redis is away')
    await server.restart()
    await running.says('keeps no append-only file')
    expect((await running.end('SIGTERM')).code).toBe(0)
  })

  it('exits with 78 when the Redis that comes back is of no use', async () => {
    const server = await evictingRedis()
    await server.kill('SIGKILL')
    const noSuchDatabase = { REDIS_URL: `${server.url}/99`, REDEPLOYSTER_SECRET: secret }
    const running = start(command, { ...(await surroundings()), ...noSuchDatabase })
    await running.says('Redis is away')
    await server.restart()
    const { code, stderr } = await running.closed
    expect(code).toBe(78)
    expect(stderr).toContain('REDIS_URL: Redis has no database of this number')
  })
})

describe.each(['api', 'worker'])('redeployster %s', (command) => {
  it('needs a Redis and a secret, which it shares with others', async () => {
    const { code, stderr } = await start(command, await surroundings()).closed
    expect(code).toBe(78)
    expect(stderr).toContain('\n  REDIS_URL: not set; ')
    expect(stderr).toContain('\n  REDEPLOYSTER_SECRET: not set; ')
  })
})

describe.each(['serve', 'worker'])('redeployster %s', (command) => {
  it('exits with 78 when there is only Docker Compose v1', async () => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const env = { ...(await surroundings()), REDIS_URL: server.url, REDEPLOYSTER_SECRET: secret }
    await fs.writeFile(env.COMPOSE_COMMAND, '#!/bin/sh\necho 1.29.2\n')
    const { code, stderr } = await start(command, env).closed
    expect(code).toBe(78)
    expect(stderr).toContain('Docker Compose v2')
  })
})

describe('redeployster serve', () => {
  it('says how to get a Redis where there is none, together with all else', async () => {
    const env = { ...(await surroundings()), PATH: '/nowhere', LOG_LEVEL: 'loud' }
    const { code, stderr } = await start('serve', env).closed
    expect(code).toBe(78)
    expect(stderr).toMatch(/ {2}REDIS_URL: not set, .*apt-get install redis-server/)
    expect(stderr).toContain('\n  LOG_LEVEL: ')
  })

  it('brings its own Redis and secret, and takes its Redis with it', async () => {
    const env = await surroundings()
    const running = start('serve', env)
    await running.says('No Docker engine answers')
    const before = Date.now()
    const { code, stdout, stderr } = await running.end('SIGTERM')
    expect(code).toBe(0)
    expect(Date.now() - before).toBeLessThan(5000)
    expect(stdout).toContain(`private, in ${env.STATE_DIR}/redis`)
    expect(stderr).toBe('')
    expect(await accepts(`${env.STATE_DIR}/redis/redis.sock`)).toBe(false)
    const kept = (await fs.readFile(`${env.STATE_DIR}/secret`, 'utf8')).trim()
    expect(stdout).not.toContain(kept)
  })

  it('goes on with the Redis of a serve that was killed', async () => {
    const env = await surroundings()
    const socket = `${env.STATE_DIR}/redis/redis.sock`
    const killed = start('serve', env)
    await killed.says('API listens')
    await killed.end('SIGKILL')
    expect(await accepts(socket)).toBe(true)
    const pid = await pidOfRedis(socket)

    const next = start('serve', env)
    await next.says('API listens')
    expect(await pidOfRedis(socket)).toBe(pid)
    await next.end('SIGTERM')
    expect(await accepts(socket)).toBe(false)
  })

  it('says in one line that its port is in use, and leaves no Redis behind', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const env = { ...(await surroundings()), PORT: String((server.address() as AddressInfo).port) }
    const { code, stderr } = await start('serve', env).closed
    expect(code).toBe(1)
    expect(stderr).toMatch(/^redeployster: Cannot listen: port \d+ is in use.*\n$/)
    expect(await accepts(`${env.STATE_DIR}/redis/redis.sock`)).toBe(false)
  })
})

describe('redeployster doctor', () => {
  it('exits with 1 when no deploy is possible, says why, and makes nothing', async () => {
    const env = await surroundings()
    const { code, stdout, stderr } = await start('doctor', env).closed
    expect(code).toBe(1)
    expect(stdout).toContain(`\n!!  engine   none answers at ${env.DOCKER_HOST}`)
    expect(stdout).toContain(`\n--  compose  2.26.1, ${env.COMPOSE_COMMAND}\n`)
    expect(stdout).toMatch(/\nok {2}redis {4}\/.*-server, which serve would start/)
    expect(stdout.trimEnd().split('\n').at(-1)).toContain('Deploys are impossible')
    expect(stderr).toBe('')
    await expect(fs.access(env.STATE_DIR)).rejects.toThrow('ENOENT')
  })

  it('says the same as JSON, and no password', async () => {
    const env = { ...(await surroundings()), REDIS_URL: 'redis://:hunter2@127.0.0.1:1' }
    const { code, stdout } = await start('doctor', env, '--json').closed
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      isDeployPossible: false,
      engine: { problem: expect.stringContaining('ENOENT') },
      compose: { version: '2.26.1', command: [env.COMPOSE_COMMAND] },
      redis: { kind: 'unusable', problem: expect.stringContaining('at redis://127.0.0.1:1') },
      stateDir: { path: env.STATE_DIR },
    })
    expect(stdout).not.toContain('hunter2')
  })

  it('exits with 78 when the configuration is wrong', async () => {
    const { code, stdout, stderr } = await start('doctor', { ...(await surroundings()), PORT: 'x' }).closed
    expect(code).toBe(78)
    expect(stderr).toContain('\n  PORT: ')
    expect(stdout).toBe('')
  })
})

async function evictingRedis() {
  const server = await startRedis({ tcp: true })
  onTestFinished(() => server.stop())
  const redis = connectRedis(server.url, 'patient', createLogger('silent'))
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  redis.disconnect()
  return server
}

async function pidOfRedis(socket: string): Promise<string | undefined> {
  const redis = connectRedis(`unix://${socket}`, 'patient', createLogger('silent'))
  const info = await redis.info('server')
  redis.disconnect()
  return /process_id:(\d+)/.exec(info)?.[1]
}
