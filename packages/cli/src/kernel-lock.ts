import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const againMs = 20

/**
 * Runs the action while no other process on this machine runs one of the same name. The lock is a listening socket in
 * the kernel's abstract namespace, which ends with its process, however that ends.
 */
export async function withKernelLock<Result>(
  name: string,
  atMostMs: number,
  action: () => Promise<Result>,
): Promise<Result> {
  const deadline = Date.now() + atMostMs
  let server = await listen(`\0${name}`)
  while (!server) {
    if (Date.now() > deadline) throw new Error(`Cannot take the lock ${name}: another process holds it`)
    await delay(againMs)
    server = await listen(`\0${name}`)
  }
  try {
    return await action()
  } finally {
    server.close()
  }
}

/** The listening server, or nothing when another process listens. */
async function listen(address: string): Promise<net.Server | undefined> {
  const server = net.createServer((socket) => socket.destroy())
  try {
    server.listen(address)
    await once(server, 'listening')
    return server
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw new Error(`Cannot take the lock ${address.slice(1)}`, { cause: error })
  }
}
