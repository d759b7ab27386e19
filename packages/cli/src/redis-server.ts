import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const socketName = 'redis.sock'
const logName = 'redis.log'
const mostLogBytes = 1024 * 1024
const pollMs = 5

/** What a private server is told; in all else it keeps to its own defaults, since it reads no file. */
const settings = {
  port: '0',
  // Named relative to its folder: a path of more than 107 bytes could not be bound.
  unixsocket: socketName,
  unixsocketperm: '700',
  dir: '.',
  appendonly: 'yes',
  appendfsync: 'everysec',
  save: '',
  'maxmemory-policy': 'noeviction',
}
const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])

export interface RedisServer {
  /** Resolves when it has ended, with the last line of its log. */
  readonly ended: Promise<string>
  kill(): void
}

/**
 * Starts a server in this folder, and resolves when it accepts connections. It lives on when we are killed, and does
 * not hear the Ctrl-C that we hear.
 */
export async function startRedisServer(program: string, folder: string): Promise<RedisServer> {
  const log = openLog(folder)
  const child = spawn(program, args, { cwd: folder, env: {}, detached: true, stdio: ['ignore', log, log] })
  fs.closeSync(log)
  child.unref()
  let hasEnded = false
  const ended = once(child, 'exit').then(
    () => lastLine(path.join(folder, logName)),
    (error: unknown) => String(error),
  )
  const end = ended.then((reason) => {
    hasEnded = true
    throw new Error(`Cannot start ${program}: ${reason}`)
  })
  const listens = async () => {
    while (!hasEnded && !(await accepts(socketPath(folder)))) await delay(pollMs)
  }
  await Promise.race([end, listens()])
  end.catch(() => {
    // From now on it is the business of who waits for `ended`.
  })
  return { ended, kill: () => void child.kill('SIGTERM') }
}

/** Whether somebody listens on this unix socket. */
export async function accepts(socket: string): Promise<boolean> {
  const connection = net.connect(socket)
  try {
    await once(connection, 'connect')
    return true
  } catch (error) {
    // No such file, or one that a killed server left: there is no server. All else is no reason to start a second.
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return false
    if (code === 'EAGAIN') return true
    throw new Error(`Cannot connect to ${socket}`, { cause: error })
  } finally {
    connection.destroy()
  }
}

const folders = new Map<string, number>()

/** A path by which this process can connect to the socket in this folder, however long the folder's own path is. */
export function socketPath(folder: string): string {
  const direct = path.join(folder, socketName)
  if (Buffer.byteLength(direct) <= 100) return direct
  const descriptor = folders.get(folder) ?? fs.openSync(folder, 'r')
  folders.set(folder, descriptor)
  return `/proc/self/fd/${descriptor}/${socketName}`
}

function openLog(folder: string): number {
  const file = path.join(folder, logName)
  if (fs.existsSync(file) && fs.statSync(file).size > mostLogBytes) fs.rmSync(file)
  return fs.openSync(file, 'a', 0o600)
}

function lastLine(file: string): string {
  return fs.readFileSync(file, 'utf8').trim().split('\n').at(-1) || `it ended without a word in ${file}`
}
