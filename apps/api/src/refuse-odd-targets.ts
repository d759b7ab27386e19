import type { MiddlewareHandler } from 'hono'
import { unauthorized } from './authenticate.ts'
import type { ApiEnv } from './parts.ts'

const dotSegment = /\/(?:\.|%2e){1,2}(?:[/?#]|$)/i
/** `http://user:password@host/path`, which is an address that no `Request` can have. */
const credentials = /^[^/?#]*:\/\/[^/?#]*@/

/**
 * A path with `..` is resolved before it is routed, so `/nobody/../hello` would deploy `hello`. Whoever writes that does
 * not name a service, and gets the answer of an unknown one; so does who sends a token in the address.
 */
export function refuseOddTargets(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { url = '' } = c.env.incoming
    const [target = ''] = url.split('?', 1)
    if (dotSegment.test(target) || credentials.test(target)) throw unauthorized()
    await next()
  }
}
