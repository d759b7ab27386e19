import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** The line to a registry, on which what images are made of can be held up, as on a slow one. */
export interface SlowLine {
  /** `127.0.0.1:PORT`, as the first part of an image's name. */
  readonly address: string
  hold(): void
  /** Whether the engine waits for something. */
  isWaitedFor(): boolean
  letGo(): void
  remove(): Promise<void>
}

/** `address`: that of the registry. */
export async function createSlowLine(address: string): Promise<SlowLine> {
  let isHeld = false
  let waiting: (() => void)[] = []

  const server = http.createServer((request, response) => {
    const goOn = () => {
      if (!response.destroyed) forward(`http://${address}${request.url}`, request, response)
    }
    if (isHeld && request.url?.includes('/blobs/')) waiting.push(goOn)
    else goOn()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold() {
      isHeld = true
    },
    isWaitedFor: () => waiting.length > 0,
    letGo() {
      isHeld = false
      for (const goOn of waiting) goOn()
      waiting = []
    },
    async remove() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function forward(url: string, request: http.IncomingMessage, response: http.ServerResponse) {
  const { method, headers } = request
  const onward = http.request(url, { method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  request.pipe(onward)
}
