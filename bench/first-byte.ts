import { once } from 'node:events'
import net from 'node:net'
import { rawRequest } from '../test/harness/raw.ts'

/**
 * Milliseconds from the request to the first byte of the log. Reads on to the verdict, so that the next one comes after it.
 * It speaks HTTP by hand, on a connection of its own, so that as little as can be of that time is the client's.
 */
export async function timeToFirstByte(url: string, token: string): Promise<number> {
  const { hostname, port, pathname } = new URL(url)
  const begunAt = performance.now()
  const socket = net.connect({ host: hostname, port: Number(port) })
  socket.write(rawRequest(`POST ${pathname}`, [`Authorization: Bearer ${token}`]), 'latin1')
  let text = ''
  let ms: number | undefined
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part
    ms ??= /\r\n\r\n./s.test(text) ? performance.now() - begunAt : undefined
  })
  await once(socket, 'close')
  if (ms === undefined || !text.endsWith('Exit-Code: 0\r\n\r\n'))
    throw new Error(`A deploy was answered, and ended:\n${text.slice(-1000)}`)
  return ms
}
