import { STATUS_CODES } from 'node:http'
import { problemDetails } from '@redeployster/shared/contract/answers'

/** Why the API did not do what a command asked for, as one sentence for a person. */
export class ClientError extends Error {
  /** The API's own word for it, if it was the API that refused. */
  readonly code: string | undefined

  constructor(message: string, code?: string) {
    super(message)
    this.name = 'ClientError'
    this.code = code
  }
}

/** What is behind a `fetch` that rejects. */
export function brokenOff(url: string, error: unknown): ClientError {
  const { name, code, message } = innermost(error)
  const explain = explanations[code ?? name]
  // Else the code alone: the message of a failed TLS handshake has several lines.
  return new ClientError(explain ? explain(url) : `Cannot reach ${url} (${code ?? message})`)
}

const notFound = (url: string) =>
  `Cannot find the host of ${url}: look for a slip of the pen, or at the network`
const isCut = (url: string) => `${url} has cut the connection: try again, or look at its log`

const explanations: Readonly<Record<string, (url: string) => string>> = {
  ECONNREFUSED: (url) =>
    `Nothing listens at ${url}: start redeployster there, or name its address with --url or REDEPLOYSTER_URL`,
  ENOTFOUND: notFound,
  EAI_AGAIN: notFound,
  ECONNRESET: isCut,
  UND_ERR_SOCKET: isCut,
  TimeoutError: (url) => `${url} does not answer: try again, or look at its log`,
}

/** What an answer means that does not say yes. */
export function refusal(url: string, { status, headers }: Response, text: string): ClientError {
  const location = headers.get('location')
  if (status < 400 && location !== null) {
    return new ClientError(`${url} leads to ${location}: name the address that is meant with --url`)
  }
  const parsed = problemDetails.safeParse(parseJson(text))
  if (!parsed.success) return notFromUs(url, { status })
  const { detail, code, requestId } = parsed.data
  if (code === 'unauthorized') {
    return new ClientError(
      `Unknown service or wrong token at ${url}: check the name, and what REDEPLOYSTER_TOKEN holds`,
      code,
    )
  }
  return new ClientError(status < 500 || !requestId ? detail : `${detail} (request id ${requestId})`, code)
}

/** What an answer means that redeployster never gives. */
export function notFromUs(url: string, { status }: Pick<Response, 'status'>): ClientError {
  const answered = [status, STATUS_CODES[status]].filter(Boolean).join(' ')
  return new ClientError(
    `${url} answers ${answered}, and not as redeployster does: check the address, and the proxy in front of it`,
  )
}

function innermost(error: unknown): { name: string; code: string | undefined; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  if (!(error instanceof Error)) return { name: '', code: undefined, message: String(error) }
  if (error.cause !== undefined) return innermost(error.cause)
  const { name, message, code } = error as { name: string; message: string; code?: unknown }
  // That of a DOMException is a number, and says nothing.
  return { name, message, code: typeof code === 'string' ? code : undefined }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Then it is not from us, which the caller says.
    return undefined
  }
}
