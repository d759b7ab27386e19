import { once } from 'node:events'
import http from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
  readonly exitCode: string | undefined
  readonly jobId: string | undefined
}

export interface Asked {
  /** The response, as soon as its header is there. */
  readonly begun: Promise<http.IncomingMessage>
  /** What has come so far. */
  text(): string
  /** The whole answer; rejects when the connection is cut. */
  readonly answer: Promise<Answer>
  hangUp(): void
}

/** One request over a connection of its own. */
export function ask(
  method: string,
  url: string,
  token?: string,
  headers: Record<string, string> = {},
): Asked {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const request = http.request(url, { method, agent: false, headers: { ...authorization, ...headers } })
  request.end()
  let text = ''
  const begun = once(request, 'response').then(([response]) => response as http.IncomingMessage)
  const answer = begun.then(async (response) => {
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    await once(response, 'end')
    if (!response.complete) throw new Error('The connection was cut')
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: text,
      exitCode: response.trailers['exit-code'],
      jobId: response.headers['job-id'] as string | undefined,
    }
  })
  begun.catch(() => {})
  answer.catch(() => {})
  return { begun, answer, text: () => text, hangUp: () => request.destroy() }
}

export async function post(url: string, token: string): Promise<Answer> {
  return ask('POST', url, token).answer
}

export async function getJson<Value>(url: string, token: string): Promise<Value> {
  const { body } = await ask('GET', url, token).answer
  return JSON.parse(body) as Value
}
