import type { HostId } from '@redeployster/shared/contract/service'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Held for as long as the process lives: the kernel lets go of it with the process, however that ends. */
export interface EngineLock {
  release(): void
}

const whoTakesAtMostMs = 1000

/**
 * Takes the lock of an engine, a listening socket in the kernel's abstract namespace, so that an engine has one
 * worker. Held by another one, it says by whom, waits, and takes over the moment it is free. Rejects on abort.
 */
export async function takeEngineLock(host: HostId, logger: Logger, signal: AbortSignal): Promise<EngineLock> {
  const address = `\0redeployster-engine-${host}`
  for (;;) {
    signal.throwIfAborted()
    const lock = await listen(address)
    if (lock) return lock
    await waitForHolder(address, logger, signal)
  }
}

/** The lock, or nothing when somebody else listens. */
async function listen(address: string): Promise<EngineLock | undefined> {
  const who = `pid ${process.pid}, since ${new Date().toISOString()}`
  // The connections stay open: whoever waits sees them close when we let go, or end.
  const waiting = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    waiting.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => waiting.delete(socket))
    socket.write(who)
    socket.unref()
  })
  try {
    server.listen(address)
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw new Error('Cannot take the lock of the engine', { cause: error })
  }
  server.unref()
  return {
    release() {
      server.close()
      for (const socket of waiting) socket.destroy()
    },
  }
}

async function waitForHolder(address: string, logger: Logger, signal: AbortSignal): Promise<void> {
  const socket = net.connect(address)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  try {
    const answer = once(socket, 'data').then(
      ([data]) => String(data),
      () => undefined,
    )
    const frozen = delay(whoTakesAtMostMs, 'a process that does not answer', { ref: false })
    const holder = await Promise.race([answer, frozen, closed.then(() => undefined)])
    if (holder !== undefined)
      logger.warn({ holder }, 'Another worker serves this engine; waiting for it to end')
    if (!signal.aborted) await Promise.race([closed, once(signal, 'abort')])
  } finally {
    socket.destroy()
  }
}
