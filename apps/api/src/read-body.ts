import { RefusedError } from '@redeployster/shared/contract/errors'

const mostBytes = 64 * 1024

/**
 * Reads the body to its end. Nobody needs it, but a body left unread would kill the stream of the deploy at the
 * server's request timeout.
 */
export async function readBody({ body }: Request): Promise<void> {
  const reader = body?.getReader()
  let length = 0
  for (;;) {
    const chunk = await reader?.read().catch((cause: unknown) => Promise.reject(brokenOff(cause)))
    if (!chunk || chunk.done) return
    length += chunk.value.byteLength
    // The reader is left as it is: cancelling it would close the connection before the answer is out.
    if (length > mostBytes) throw tooLarge()
  }
}

function tooLarge() {
  return new RefusedError(
    'body_too_large',
    'The body is larger than 64 KiB. Send the request without one: nothing in it would be used.',
  )
}

function brokenOff(cause: unknown) {
  return new RefusedError('bad_request', 'The body broke off. Nothing was started: send the request again.', {
    cause,
  })
}
