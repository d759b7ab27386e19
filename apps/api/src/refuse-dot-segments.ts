import type { MiddlewareHandler } from 'hono'
import { unauthorized } from './authenticate.ts'
import type { ApiEnv } from './parts.ts'

const dotSegment = /\/(?:\.|%2e){1,2}(?:[/?#]|$)/i

/**
 * A path with `..` is resolved before it is routed, so `/nobody/../hello` would deploy `hello`. Whoever writes that does
 * not name a service, and gets the answer of an unknown one.
 */
export function refuseDotSegments(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { url = '' } = c.env.incoming
    if (dotSegment.test(url.split('?', 1)[0] ?? '')) throw unauthorized()
    await next()
  }
}
