import { once } from 'node:events'
import net from 'node:net'

/**
 * `pass`, `refuse` new connections and cut the old ones, `reset` them with RST, swallow everything (`black-hole`, as a
 * firewall that drops packets does: connections stay, nothing arrives), do so for ever with the connections that are there
 * and pass new ones (`half-open`, as a firewall does that has forgotten them), or hand each piece on late (`delay`).
 */
export type FaultMode = 'pass' | 'refuse' | 'reset' | 'black-hole' | 'half-open' | 'delay'

export interface FaultProxy {
  readonly port: number
  /** From now on, for connections that are there and those to come. What a black hole swallowed is delivered on `pass`. */
  set(mode: FaultMode): Promise<void>
  close(): Promise<void>
}

const delayMs = 50

interface Pair {
  readonly client: net.Socket
  readonly server: net.Socket
  /** Nothing arrives on it any more, whatever the mode. */
  isForgotten: boolean
  /** Hands on what was held back. */
  flush(): void
}

/** A line to a server on the loopback that can be damaged. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  let mode: FaultMode = 'pass'
  const pairs = new Set<Pair>()

  const listener = net.createServer((client) => {
    if (mode === 'reset') return void client.resetAndDestroy()
    const server = net.connect(targetPort, '127.0.0.1')
    const pair: Pair = {
      client,
      server,
      isForgotten: false,
      flush: () => flushes.forEach((flush) => flush()),
    }
    const flushes = [relay(client, server, pair), relay(server, client, pair)]
    pairs.add(pair)
    const end = () => {
      pairs.delete(pair)
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) socket.on('error', end).on('close', end)
  })

  /** As TCP does, it keeps what it cannot deliver yet, and never lets a later piece pass an earlier one. */
  function relay(from: net.Socket, to: net.Socket, pair: Pair): () => void {
    const held: Buffer[] = []
    const flush = () => {
      if (mode === 'black-hole' || pair.isForgotten) return
      for (const piece of held.splice(0)) if (to.writable) to.write(piece)
    }
    from.on('data', (piece) => {
      held.push(piece)
      if (mode === 'delay') setTimeout(flush, delayMs)
      else flush()
    })
    return flush
  }

  async function listenAt(port: number): Promise<number> {
    listener.listen(port, '127.0.0.1')
    await once(listener, 'listening')
    return (listener.address() as net.AddressInfo).port
  }

  async function stopListening() {
    if (!listener.listening) return
    listener.close()
    for (const { client } of pairs) client.destroy()
    await once(listener, 'close')
  }

  const port = await listenAt(0)
  return {
    port,
    async set(next) {
      mode = next
      if (next === 'refuse') return stopListening()
      if (!listener.listening) await listenAt(port)
      if (next === 'half-open') for (const pair of pairs) pair.isForgotten = true
      if (next === 'reset') for (const { client } of pairs) client.resetAndDestroy()
      if (next === 'pass' || next === 'delay') for (const { flush } of pairs) flush()
    },
    close: stopListening,
  }
}
