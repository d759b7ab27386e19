import type { MiddlewareHandler } from 'hono'
import type { ApiEnv, Parts } from './parts.ts'

const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** One line a request: no header and no query, since either may hold a secret. */
export function logRequests({ logger }: Pick<Parts, 'logger'>): MiddlewareHandler<ApiEnv> {
  return async function logRequest(c, next) {
    const begunAt = Date.now()
    await next()
    const { method, path } = c.req
    const level = probes.has(path) ? 'debug' : 'info'
    const ms = Date.now() - begunAt
    // A log is written to Node's own response.
    const { headersSent, statusCode } = c.env.outgoing
    const status = headersSent ? statusCode : c.res.status
    logger[level]({ requestId: c.get('requestId'), method, path, status, ms }, 'Request')
  }
}
