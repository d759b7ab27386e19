import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import fs from 'node:fs/promises'
import net, { type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'
import { readUnixAddress } from '../redis/unix-address.ts'

export interface TestRedisOptions {
  /** Listen on a free port of the loopback instead of a unix socket. */
  readonly tcp?: boolean
  /** Keep the data over a kill and a restart. */
  readonly appendOnly?: boolean
  /** The lines of an ACL file, and who of its users looks after this server: `user:password`. */
  readonly access?: { readonly acl: string; readonly login: string }
}

export interface TestRedis {
  readonly url: string
  kill(signal: NodeJS.Signals): Promise<void>
  /** It keeps its connections and answers no more, like one whose disk hangs. */
  freeze(): void
  thaw(): void
  /** Starts a killed server again, in the same place, with what it has kept. */
  restart(): Promise<void>
  /** Stops it for good and removes its data. */
  stop(): Promise<void>
}

/** A real Redis or Valkey of one's own, from `PATH`; it resolves when the server answers. */
export async function startRedis({
  tcp = false,
  appendOnly = false,
  access,
}: TestRedisOptions = {}): Promise<TestRedis> {
  // Short, since the path of a unix socket must stay below about 100 bytes.
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'redis-'))
  const socket = path.join(dir, 'redis.sock')
  const port = tcp ? await freePort() : 0
  const login = access ? `${access.login}@` : ''
  const url = tcp ? `redis://${login}127.0.0.1:${port}` : `unix://${login}${socket}`
  const listen = tcp ? ['--bind', '127.0.0.1'] : ['--unixsocket', socket, '--unixsocketperm', '700']
  // Redis answers before it writes when a disk is slow, unless told not to: a test must not hang on that.
  const keep = ['--appendonly', appendOnly ? 'yes' : 'no', '--appendfsync', 'always', '--save', '']
  const common = ['--port', String(port), '--maxmemory-policy', 'noeviction', '--dir', dir]
  const args = [...common, ...listen, ...keep]
  if (access) {
    const file = path.join(dir, 'users.acl')
    await fs.writeFile(file, access.acl)
    args.push('--aclfile', file)
  }

  async function start() {
    const started = spawn(findServer(), args, { stdio: 'ignore' })
    await answering(url, started)
    return started
  }

  let server = await start()
  const killAtExit = () => server.kill('SIGKILL')
  process.once('exit', killAtExit)

  async function kill(signal: NodeJS.Signals) {
    if (server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill(signal)
    await exited
  }

  return {
    url,
    kill,
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    async restart() {
      await kill('SIGKILL')
      server = await start()
    },
    async stop() {
      process.off('exit', killAtExit)
      await kill('SIGKILL')
      await fs.rm(dir, { recursive: true, force: true })
    },
  }
}

function findServer(): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  for (const name of ['redis-server', 'valkey-server']) {
    const found = folders.map((folder) => path.join(folder, name)).find(isExecutable)
    if (found) return found
  }
  throw new Error('The tests need redis-server or valkey-server on PATH (apt-get install redis-server)')
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    // Not there, or not ours to run: the next folder may have it.
    return false
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Resolves when the server answers, and rejects when it ends instead. */
async function answering(url: string, server: ChildProcess): Promise<void> {
  const options = { maxRetriesPerRequest: null, retryStrategy: () => 5 }
  const address = readUnixAddress(url)
  const redis = address ? new Redis({ ...options, ...address }) : new Redis(url, options)
  redis.on('error', () => {
    // Not there yet: it tries again.
  })
  const ended = once(server, 'exit').then(() => Promise.reject(new Error('The Redis of the test has ended')))
  try {
    await Promise.race([redis.ping(), ended])
  } finally {
    ended.catch(() => {
      // It ends with the test, as it must.
    })
    redis.disconnect()
  }
}
