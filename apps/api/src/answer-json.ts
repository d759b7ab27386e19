import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { ApiEnv } from './parts.ts'

interface More {
  readonly status?: ContentfulStatusCode
  readonly headers?: Record<string, string>
}

/** JSON on a line of its own, so that a shell shows it well, and never from a cache: it is true only now. */
export function answerJson(
  c: Context<ApiEnv>,
  value: unknown,
  { status = 200, headers }: More = {},
): Response {
  return c.body(`${JSON.stringify(value)}\n`, status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    ...headers,
  })
}
