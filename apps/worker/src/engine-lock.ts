import type { HostId } from '@redeployster/shared/contract/service'
import { lockAddress, tryKernelLock, type KernelLock } from '@redeployster/shared/runtime/kernel-lock'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const whoTakesAtMostMs = 1000

/**
 * Takes the lock of an engine, so that an engine has one worker. Held by another one, it says by whom, waits, and takes
 * over the moment it is free. Rejects on abort.
 */
export async function takeEngineLock(host: HostId, logger: Logger, signal: AbortSignal): Promise<KernelLock> {
  const name = `redeployster-engine-${host}`
  for (;;) {
    signal.throwIfAborted()
    const lock = await tryKernelLock(name, `pid ${process.pid}, since ${new Date().toISOString()}`)
    if (lock) return lock
    await waitForHolder(lockAddress(name), logger, signal)
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
