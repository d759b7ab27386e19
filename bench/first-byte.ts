import { once } from 'node:events'
import http from 'node:http'

/** Milliseconds from the request to the first byte of the log. Reads on to the verdict, so that the next one comes after it. */
export async function timeToFirstByte(url: string, token: string): Promise<number> {
  const begunAt = performance.now()
  const headers = { authorization: `Bearer ${token}` }
  const request = http.request(url, { method: 'POST', agent: false, headers }).end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  await once(response, 'readable')
  const ms = performance.now() - begunAt
  response.resume()
  await once(response, 'end')
  const exitCode = response.trailers['exit-code']
  if (exitCode !== '0')
    throw new Error(`A deploy was answered ${response.statusCode} and ended with ${exitCode}`)
  return ms
}
