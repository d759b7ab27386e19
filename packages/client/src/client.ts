import { brokenOff, notFromUs, refusal } from './client-error.ts'
import type { ClientSettings } from './settings.ts'
import { startLimit } from './start-limit.ts'

interface Asking {
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Ends the request, and the reading of its answer. */
  readonly signal?: AbortSignal
  /** How long it may take until the answer is here, all of it. */
  readonly limitMs?: number
}

type Opening = Pick<Asking, 'body' | 'headers'> & { readonly signal: AbortSignal }

/** Asks one API. Whatever does not work rejects with a `ClientError` that is a sentence for a person. */
export interface Client {
  /** Where it is, for sentences about it. */
  readonly url: string
  /** Resolves to an answer that says yes, whose body is still to be read. Only the signal ends that. */
  open(method: string, path: string, opening: Opening): Promise<Response>
  /** Resolves to the text of such an answer. */
  text(method: string, path: string, asking?: Asking): Promise<string>
  /** Resolves to that text, and to what it is as JSON. */
  json(method: string, path: string, asking?: Asking): Promise<{ text: string; value: unknown }>
}

export function createClient({ url, token }: ClientSettings): Client {
  async function open(method: string, path: string, { body, headers, signal }: Opening): Promise<Response> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        Accept: 'application/json',
        Authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
      // The token is for this address and for no other.
      redirect: 'manual',
      signal,
    }).catch((error: unknown) => Promise.reject(brokenOff(url, error)))
    if (!response.ok) throw refusal(url, response, await textOf(response))
    return response
  }

  async function ask(method: string, path: string, { signal, limitMs = 30_000, ...asking }: Asking = {}) {
    const limit = startLimit(limitMs, signal)
    try {
      const response = await open(method, path, { ...asking, signal: limit.signal })
      return { response, text: await textOf(response) }
    } finally {
      limit.end()
    }
  }

  function textOf(response: Response): Promise<string> {
    return response.text().catch((error: unknown) => Promise.reject(brokenOff(url, error)))
  }

  return {
    url,
    open,
    text: async (...asked) => (await ask(...asked)).text,
    async json(...asked) {
      const { response, text } = await ask(...asked)
      try {
        return { text, value: JSON.parse(text) as unknown }
      } catch {
        // A page of a proxy or of another server, whose words would explain nothing.
        throw notFromUs(url, response)
      }
    },
  }
}
