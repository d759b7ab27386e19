import { once } from 'node:events'
import net from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** Every byte of it, the header too. */
  readonly text: string
}

/** Sends exactly these bytes, which no HTTP client would, and reads until the server closes the connection. */
export async function sendRaw(url: string, bytes: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const socket = net.connect({ host: hostname, port: Number(port) })
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part
  })
  socket.write(bytes, 'latin1')
  await once(socket, 'close')
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }
}

/** The bytes of a request without a body, after which the connection is over. */
export function rawRequest(requestLine: string, headers: readonly string[]): string {
  return [`${requestLine} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n')
}
