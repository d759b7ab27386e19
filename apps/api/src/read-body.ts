import { RefusedError } from '@redeployster/shared/contract/errors'

const mostBytes = 64 * 1024

/**
 * Reads the body to its end. A deploy does not need it, but a body left unread would kill its stream at the server's
 * request timeout.
 */
export async function readBody({ body }: Request): Promise<string> {
  const reader = body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for (;;) {
    const chunk = await reader?.read().catch((cause: unknown) => Promise.reject(brokenOff(cause)))
    if (!chunk || chunk.done) return text + decoder.decode()
    length += chunk.value.byteLength
    // The reader is left as it is: cancelling it would close the connection before the answer is out.
    if (length > mostBytes) throw tooLarge()
    text += decoder.decode(chunk.value, { stream: true })
  }
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
