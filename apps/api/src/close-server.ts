import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'

/** Clients that neither read nor leave are cut off after this time. */
const mostClosingMs = 3000

/** Prepares to close a server once every answer that is under way is out. */
export function closerOf(server: Server): () => Promise<void> {
  const open = new Set<ServerResponse>()
  server.on('request', (_request, response) => {
    open.add(response)
    response.once('close', () => open.delete(response))
  })

  return async function close() {
    // Not with server.close(), which cuts connections whose last bytes are still on their way to a slow client.
    await Promise.race([Promise.all([...open].map((response) => once(response, 'close'))), atLatest()])
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
}

function atLatest(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, mostClosingMs).unref()
  })
}
