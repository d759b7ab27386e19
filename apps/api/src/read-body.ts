import type { IncomingMessage } from 'node:http'
import { RefusedError } from '@redeployster/shared/contract/errors'

const mostBytes = 64 * 1024

/**
 * Reads the body to its end. A deploy does not need it, but a body left unread would kill its stream at the server's
 * request timeout. It comes from Node's own request: one of `fetch` around it costs more than all of the rest here.
 */
export async function readBody(incoming: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  try {
    // Left as it is when there is too much: destroying it would close the connection before the answer is out.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.byteLength
      if (length > mostBytes) throw tooLarge()
      text += decoder.decode(chunk, { stream: true })
    }
  } catch (error) {
    throw error instanceof RefusedError ? error : brokenOff(error)
  }
  return text + decoder.decode()
}

function tooLarge() {
  return new RefusedError(
    'body_too_large',
    'The body is larger than 64 KiB, which no request needs. To deploy, send none: nothing in it would be used.',
  )
}

function brokenOff(cause: unknown) {
  return new RefusedError('bad_request', 'The body broke off. Nothing was started: send the request again.', {
    cause,
  })
}
