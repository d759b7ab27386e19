import { STATUS_CODES } from 'node:http'

interface Facts {
  readonly code?: string | undefined
  readonly status?: number
  readonly retryAfter?: string | null
  readonly isUseless?: boolean
  readonly isUnsent?: boolean
}

/** Why the API did not do what a command asked for, as one sentence for a person. */
export class ClientError extends Error {
  /** The API's own word for it, if it was the API that refused. */
  readonly code: string | undefined
  /** Of the answer, if there was one. */
  readonly status: number | undefined
  /** What the answer said of when to ask again. */
  readonly retryAfter: string | undefined
  /** The connection fails in a way that only a person heals. */
  readonly isUseless: boolean
  /** There was no connection at all, so nothing was asked for. */
  readonly isUnsent: boolean

  constructor(message: string, facts: Facts = {}) {
    const { code, status, retryAfter, isUseless = false, isUnsent = false } = facts
    super(message)
    this.name = 'ClientError'
    this.code = code
    this.status = status
    this.retryAfter = retryAfter ?? undefined
    this.isUseless = isUseless
    this.isUnsent = isUnsent
  }
}

/** The last of several attempts has failed, and one of them may have done what it asked for. */
export class UnconfirmedError extends ClientError {
  constructor({ message }: ClientError) {
    super(message)
    this.name = 'UnconfirmedError'
  }
}

/** What is wrong, without what a person could do about it: for notes while it is tried again. */
export function withoutAdvice({ message }: ClientError): string {
  return message.replace(/: .*$/s, '')
}

/** What is behind a `fetch` that rejects. */
export function brokenOff(url: string, error: unknown): ClientError {
  const { name, code, message } = innermost(error)
  const explain = explanations[code ?? name]
  const isUseless = /CERT|SIGNATURE|^ERR_(SSL|TLS)_/.test(code ?? '')
  const isUnsent =
    isUseless ||
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|E(HOST|NET)UNREACH|UND_ERR_CONNECT_TIMEOUT)$/.test(code ?? '')
  // Else the code alone: the message of a failed TLS handshake has several lines.
  const sentence = explain ? explain(url) : `Cannot reach ${url} (${code ?? message})`
  return new ClientError(sentence, { isUseless, isUnsent })
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
export function refusal(url: string, response: Response, text: string): ClientError {
  const { status, headers } = response
  const location = headers.get('location')
  if (status < 400 && location !== null) {
    return new ClientError(`${url} leads to ${location}: name the address that is meant with --url`, {
      status,
    })
  }
  const said = problemIn(parseJson(text))
  if (!said) return notFromUs(url, response)
  const facts = { code: said.code, status, retryAfter: headers.get('retry-after') }
  if (said.code === 'unauthorized') {
    return new ClientError(
      `Unknown service or wrong token at ${url}: check the name, and what REDEPLOYSTER_TOKEN holds`,
      facts,
    )
  }
  const where = status < 500 || said.requestId === undefined ? '' : ` (request id ${said.requestId})`
  return new ClientError(`${said.detail}${where}`, facts)
}

/** What an answer means that redeployster never gives. */
export function notFromUs(
  url: string,
  { status, headers }: Pick<Response, 'status'> & Partial<Pick<Response, 'headers'>>,
): ClientError {
  const answered = [status, STATUS_CODES[status]].filter(Boolean).join(' ')
  return new ClientError(
    `${url} answers ${answered}, and not as redeployster does: check the address, and the proxy in front of it`,
    { status, retryAfter: headers?.get('retry-after') ?? null },
  )
}

/** An error of the API (RFC 9457). */
function problemIn(
  value: unknown,
): { detail: string; code: string; requestId: string | undefined } | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { detail, code, requestId } = value as Record<string, unknown>
  if (typeof detail !== 'string' || typeof code !== 'string') return undefined
  return { detail, code, requestId: typeof requestId === 'string' ? requestId : undefined }
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
