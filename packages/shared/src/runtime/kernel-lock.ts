import { once } from 'node:events'
import net from 'node:net'

/** Held until it is released, or until the process ends, however that ends. */
export interface KernelLock {
  release(): void
}

/** Where a lock's holder can be reached: a socket in the kernel's abstract namespace, of which no file is left behind. */
export function lockAddress(name: string): string {
  return `\0${name}`
}

/**
 * Takes the lock of that name among all processes of this machine's network namespace, or resolves to nothing when
 * somebody holds it. Whoever connects to its address is told `who`, and sees the connection close when the holder ends or lets go.
 */
export async function tryKernelLock(name: string, who: string): Promise<KernelLock | undefined> {
  const waiting = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    waiting.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => waiting.delete(socket))
    socket.write(who)
    socket.unref()
  })
  try {
    server.listen(lockAddress(name))
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw new Error(`Cannot take the lock ${name}`, { cause: error })
  }
  server.unref()
  return {
    release() {
      server.close()
      for (const socket of waiting) socket.destroy()
    },
  }
}
