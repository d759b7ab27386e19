import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startPrivateRedis, type PrivateRedis } from './private-redis.ts'
import { findRedisProgram } from './redis-program.ts'
import { accepts, socketPath } from './redis-server.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const logger = createLogger('silent')
const program = findRedisProgram(process.env.PATH) ?? 'redis-server, which the tests need'

async function startIn(stateDir: string): Promise<PrivateRedis> {
  const started = await startPrivateRedis(program, stateDir, logger)
  onTestFinished(() => started.stop())
  return started
}

function connect({ url }: PrivateRedis): Redis {
  const redis = connectRedis(url, 'patient', logger)
  onTestFinished(() => redis.disconnect())
  return redis
}

async function fact(redis: Redis, name: string): Promise<string | undefined> {
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(await redis.info())?.[1]
}

describe.skipIf(process.platform !== 'linux')('startPrivateRedis', () => {
  it('starts a server for this user only, which keeps what it is given and evicts nothing', async () => {
    const stateDir = await temporaryFolder()
    const redis = connect(await startIn(stateDir))
    expect(await fact(redis, 'maxmemory_policy')).toBe('noeviction')
    expect(await fact(redis, 'aof_enabled')).toBe('1')
    expect(await redis.config('GET', 'appendfsync')).toEqual(['appendfsync', 'everysec'])
    expect(await fact(redis, 'tcp_port')).toBe('0')
    const mode = async (file: string) => (await fs.stat(path.join(stateDir, file))).mode & 0o777
    expect(await mode('redis')).toBe(0o700)
    expect(await mode('redis/redis.sock')).toBe(0o700)
  })

  it('keeps the data from one serve to the next', async () => {
    const stateDir = await temporaryFolder()
    const first = await startIn(stateDir)
    await connect(first).set('kept', 'yes')
    await first.stop()
    expect(await accepts(socketPath(first.folder))).toBe(false)
    expect(await connect(await startIn(stateDir)).get('kept')).toBe('yes')
  })

  it('works below a path that is too long for a socket', async () => {
    const stateDir = path.join(await temporaryFolder(), 'x'.repeat(80), 'ö'.repeat(80))
    const redis = connect(await startIn(stateDir))
    expect(await redis.ping()).toBe('PONG')
    expect(await fs.readdir(path.join(stateDir, 'redis'))).toContain('redis.sock')
  })

  it('is one server when several serves start at the same time, and ends with the last of them', async () => {
    const stateDir = await temporaryFolder()
    const serves = await Promise.all(['first', 'second', 'third'].map(() => startIn(stateDir)))
    const socket = socketPath(path.join(stateDir, 'redis'))
    const pids = await Promise.all(serves.map((serve) => fact(connect(serve), 'process_id')))
    expect(new Set(pids).size).toBe(1)
    for (const serve of serves) {
      expect(await accepts(socket)).toBe(true)
      await serve.stop()
    }
    expect(await accepts(socket)).toBe(false)
  })

  it('is started again when it is killed', async () => {
    const redis = connect(await startIn(await temporaryFolder()))
    const pid = Number(await fact(redis, 'process_id'))
    const back = new Promise((resolve) => redis.once('close', () => redis.once('ready', resolve)))
    process.kill(pid, 'SIGKILL')
    await back
    expect(Number(await fact(redis, 'process_id'))).not.toBe(pid)
  })

  it('says why it cannot start, in the words of its log', async () => {
    const stateDir = await temporaryFolder()
    const first = await startIn(stateDir)
    await connect(first).set('kept', 'yes')
    await first.stop()
    const folder = path.join(first.folder, 'appendonlydir')
    const file = (await fs.readdir(folder)).find((it) => it.endsWith('.incr.aof'))!
    await fs.writeFile(path.join(folder, file), 'rubbish')
    await expect(startIn(stateDir)).rejects.toThrow(/Bad file format reading the append only file/)
  })

  it('says so when the program cannot be run', async () => {
    const starting = startPrivateRedis('/nowhere/redis-server', await temporaryFolder(), logger)
    await expect(starting).rejects.toThrow(/Cannot start \/nowhere\/redis-server: .*ENOENT/)
  })

  it('takes over a server that was left, also one that is still loading its data', async () => {
    const first = await startIn(await temporaryFolder())
    await connect(first).eval("for i = 1, 5000 do redis.call('SET', i, i) end", 0)
    await first.stop()
    const keep = ['--port', '0', '--unixsocket', 'redis.sock', '--appendonly', 'yes', '--save', '']
    const slow = ['--key-load-delay', '200']
    const left = spawn(program, [...keep, ...slow], { cwd: first.folder, stdio: 'ignore' })
    while (!(await accepts(socketPath(first.folder)))) await delay(5)

    const second = await startIn(path.dirname(first.folder))

    const redis = connect(second)
    expect(await redis.dbsize()).toBe(5000)
    expect(await fact(redis, 'process_id')).toBe(String(left.pid))
    const ended = once(left, 'exit')
    await second.stop()
    expect(await ended).toEqual([0, null])
  })
})
