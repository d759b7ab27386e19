import { brokenOff, notFromUs, refusal, type ClientError } from './client-error.ts'
import type { ClientSettings } from './settings.ts'

interface Asking {
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Ends the request; without it an answer is waited for for 30 s. */
  readonly signal?: AbortSignal
}

/** Asks one API. Whatever does not work rejects with a `ClientError` that is a sentence for a person. */
export interface Client {
  /** Where it is, for sentences about it. */
  readonly url: string
  /** Resolves to an answer that says yes, whose body is still to be read. */
  request(method: string, path: string, asking?: Asking): Promise<Response>
  /** Resolves to the text of such an answer, and to what that is as JSON. */
  json(method: string, path: string, asking?: Asking): Promise<{ text: string; value: unknown }>
}

/** For an answer that comes at once. */
export const mostMs = 30_000

export function createClient({ url, token }: ClientSettings): Client {
  async function request(
    method: string,
    path: string,
    { body, headers, signal }: Asking = {},
  ): Promise<Response> {
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
      signal: signal ?? AbortSignal.timeout(mostMs),
    }).catch((error: unknown) => Promise.reject(brokenOff(url, error)))
    if (!response.ok) throw await refused(response)
    return response
  }

  async function refused(response: Response): Promise<ClientError> {
    return refusal(url, response, await textOf(response))
  }

  function textOf(response: Response): Promise<string> {
    return response.text().catch((error: unknown) => Promise.reject(brokenOff(url, error)))
  }

  return {
    url,
    request,
    async json(method, path, asking) {
      const response = await request(method, path, asking)
      const text = await textOf(response)
      try {
        return { text, value: JSON.parse(text) as unknown }
      } catch {
        // A page of a proxy or of another server, whose words would explain nothing.
        throw notFromUs(url, response)
      }
    },
  }
}
