import { once } from 'node:events'
import http, { type IncomingHttpHeaders } from 'node:http'

export interface Asked {
  readonly host?: string
  readonly token?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly trailers: NodeJS.Dict<string>
  /** False when the connection was cut in the middle. */
  readonly isWhole: boolean
}

/** An answer that is still coming. */
export interface OpenAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Resolves, when the text so far holds it, to the text so far. */
  until(part: string): Promise<string>
  end(): Promise<Answer>
  pause(): void
  resume(): void
  /** Leaves like a client that was killed. */
  leave(): void
}

/** `ask(port, 'POST /hello', {token})`: one request over real HTTP, path sent as it stands. */
export async function open(
  port: number,
  asked: string,
  { host = '127.0.0.1', token, headers, body }: Asked = {},
): Promise<OpenAnswer> {
  const [method, path] = asked.split(/ (.*)/s)
  const request = http.request({
    host,
    port,
    method,
    path,
    agent: false,
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
  })
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const ended = new Promise<boolean>((resolve) => {
    response.on('end', () => resolve(true)).on('error', () => resolve(false))
  })

  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    async until(part) {
      while (!text.includes(part)) {
        const isOver = await Promise.race([ended.then(() => true), once(response, 'data').then(() => false)])
        if (isOver && !text.includes(part)) throw new Error(`The text ended without "${part}":\n${text}`)
      }
      return text
    },
    async end() {
      const isWhole = await ended
      const { statusCode = 0, headers, trailers } = response
      return { status: statusCode, headers, text, trailers, isWhole }
    },
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    leave() {
      response.on('error', () => {
        // It is we who cut it.
      })
      request.destroy()
    },
  }
}

export async function ask(port: number, asked: string, options?: Asked): Promise<Answer> {
  return (await open(port, asked, options)).end()
}

/** The members of a problem or of any other JSON answer. */
export function parse(answer: Answer): Record<string, unknown> {
  return JSON.parse(answer.text) as Record<string, unknown>
}
