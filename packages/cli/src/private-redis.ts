import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import type { Logger } from '@redeployster/shared/runtime/logger'
import type { Running } from '@redeployster/shared/runtime/shutdown'
import { withKernelLock } from './kernel-lock.ts'
import { accepts, socketPath, startRedisServer, type RedisServer } from './redis-server.ts'
import { makeStateFolder } from './state-folder.ts'

export interface PrivateRedis extends Running {
  readonly url: string
  readonly folder: string
}

/** So `serve`s that share a state directory can tell each other from the API and the worker. */
const userName = 'redeployster-serve'
const mostWaitingMs = 10_000
const mostSilentMs = 2000

/**
 * The Redis of a state directory: the one that an earlier `serve` left, or a new one. Resolves when it has loaded its
 * data. Should it end, it is started again; `stop` ends it, unless another `serve` uses it.
 */
export async function startPrivateRedis(
  program: string,
  stateDir: string,
  logger: Logger,
): Promise<PrivateRedis> {
  const folder = await makeStateFolder(path.join(stateDir, 'redis'))
  await fs.chmod(folder, 0o700)
  const socket = socketPath(folder)
  const lock = `redeployster-redis-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`
  let server: RedisServer | undefined
  let isStopping = false

  const ensureStarted = () =>
    withKernelLock(lock, mostWaitingMs, async () => {
      if (isStopping || (await accepts(socket))) return
      server = await startRedisServer(program, folder)
      return server
    })

  await ensureStarted()
  const redis = connectRedis(`unix://${socket}`, 'impatient', logger)
  redis.on('ready', () => nameConnection(redis, logger))
  try {
    await Promise.race([loaded(redis, folder, logger), endOf(server)])
  } catch (error) {
    redis.disconnect()
    throw error
  }
  // It reconnects, at least every 2 s, for as long as there is nothing to connect to.
  redis.on('close', () => {
    if (!isStopping) void restart(ensureStarted, folder, logger)
  })

  return {
    url: `unix://${socket}`,
    folder,
    async stop() {
      isStopping = true
      if (await isSharedWithOthers(redis)) logger.info('Another serve uses the private Redis: it stays')
      else await end(redis, server)
      redis.disconnect()
    },
  }
}

async function loaded(redis: Redis, folder: string, logger: Logger): Promise<void> {
  if (redis.status === 'ready') return
  const report = setTimeout(() => logger.info({ folder }, 'Waiting for the private Redis'), mostSilentMs)
  await new Promise((resolve) => redis.once('ready', resolve))
  clearTimeout(report)
}

/** It accepts connections before it reads its data, and may not like them. */
async function endOf(server: RedisServer | undefined): Promise<void> {
  if (!server) return new Promise(() => {})
  throw new Error(`The private Redis has ended: ${await server.ended}`)
}

async function restart(ensureStarted: () => Promise<unknown>, folder: string, logger: Logger): Promise<void> {
  try {
    if (await ensureStarted()) logger.warn({ folder }, 'The private Redis had ended: started it again')
  } catch (error) {
    logger.error({ err: error, folder }, 'Cannot start the private Redis again')
  }
}

function nameConnection(redis: Redis, logger: Logger): void {
  redis.client('SETNAME', userName).catch((error: unknown) => {
    logger.warn({ err: error }, 'Cannot name the connection to the private Redis')
  })
}

async function isSharedWithOthers(redis: Redis): Promise<boolean> {
  if (redis.status !== 'ready') return false
  const clients = String(await redis.client('LIST'))
  return clients.split('\n').filter((client) => client.includes(` name=${userName} `)).length > 1
}

/** The server writes what it has to disk, and ends. One that we did not start has no process id we could trust. */
async function end(redis: Redis, server: RedisServer | undefined): Promise<void> {
  if (redis.status !== 'ready') return server?.kill()
  await new Promise<void>((resolve, reject) => {
    redis.once('close', resolve)
    redis.shutdown().catch((error: Error) => {
      // The answer to this command is the end of the connection; anything that is said is a refusal.
      if (error.name === 'ReplyError') reject(error)
    })
  })
}
