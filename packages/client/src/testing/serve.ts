import { once } from 'node:events'
import http, { type RequestListener } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** An API of a few lines, for what the real one never does. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = http.createServer(listener)
  onTestFinished(() => server.closeAllConnections())
  return listening(server)
}

export async function listening(server: net.Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
