import type { Server, ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Limits } from './limits.ts'
import type { ApiEnv } from './parts.ts'

interface Options {
  readonly listen: string
  readonly port: number
  readonly limits: Pick<Limits, 'requestTimeoutMs'>
}

/** Listens on all interfaces of IPv6 and IPv4 when the address is `::`, also where there is no IPv6. */
export async function listen(app: Hono<ApiEnv>, { listen: address, port, limits }: Options): Promise<Server> {
  const serverOptions = serverTimes(limits)
  // The host name stands in for the Host header that a client of HTTP/1.0 need not send.
  const server = createAdaptorServer({ fetch: app.fetch, hostname: 'localhost', serverOptions }) as Server
  // An answer may take hours, and be silent for long.
  server.timeout = 0
  try {
    await listening(server, address, port)
  } catch (error) {
    if (address !== '::' || !isWithoutIpv6(error)) throw cannotListen(error, address, port)
    await listening(server, '0.0.0.0', port).catch((reason: unknown) => {
      throw cannotListen(reason, '0.0.0.0', port)
    })
  }
  return server
}

/** A client that drips its request is cut off; how long the answer takes is another matter. */
function serverTimes({ requestTimeoutMs }: Pick<Limits, 'requestTimeoutMs'>): ServerOptions {
  return {
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(10_000, requestTimeoutMs),
    connectionsCheckingInterval: Math.min(5000, requestTimeoutMs / 2),
    maxHeaderSize: 16 * 1024,
    // Longer than proxies keep a connection: one that we closed under a proxy would lose a POST.
    keepAliveTimeout: 130_000,
  }
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** Connections that wait until we accept them: a rush of pipelines must not wait for its next try, which TCP makes 1 s later. */
const backlog = 4096

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function isWithoutIpv6(error: unknown): boolean {
  return ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(codeOf(error))
}

function cannotListen(cause: unknown, address: string, port: number): Error {
  const code = codeOf(cause)
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} is in use. Stop the process that listens there, or set another PORT`,
    EACCES: `port ${port} is not open to this user. Set a PORT above 1023`,
    EADDRNOTAVAIL: `this machine has no address ${address}. Set LISTEN to one it has`,
    ENOTFOUND: `${address} is no address. Set LISTEN to an address of this machine`,
  }
  return new Error(`Cannot listen: ${reasons[code] ?? `${address} port ${port} (${code})`}`, { cause })
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code)
}
