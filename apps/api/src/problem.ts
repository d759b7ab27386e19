import { STATUS_CODES } from 'node:http'
import type { ErrorCode } from '@redeployster/shared/contract/errors'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { answerJson } from './answer-json.ts'
import type { ApiEnv } from './parts.ts'

export const statusOf: Readonly<Record<ErrorCode, ContentfulStatusCode>> = {
  bad_request: 400,
  bad_idempotency_key: 400,
  unauthorized: 401,
  admin_only: 403,
  no_such_route: 404,
  not_frozen: 404,
  method_not_allowed: 405,
  ambiguous_service: 409,
  service_gone: 410,
  job_final: 409,
  idempotency_conflict: 409,
  body_too_large: 413,
  service_frozen: 423,
  too_many_failures: 429,
  internal: 500,
  catalogue_unavailable: 503,
  redis_unavailable: 503,
  issuer_unavailable: 503,
  too_many_streams: 503,
  too_many_jobs: 503,
  stopping: 503,
}

const headersOf: Readonly<Record<number, Record<string, string>>> = {
  401: { 'WWW-Authenticate': 'Bearer' },
  503: { 'Retry-After': '5' },
}

interface More {
  readonly headers?: Record<string, string>
  readonly members?: Record<string, unknown>
}

/** An error as RFC 9457 has it; `detail` is a sentence that says what to do next. */
export function problem(c: Context<ApiEnv>, code: ErrorCode, detail: string, more: More = {}): Response {
  const status = statusOf[code]
  const body = {
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail,
    code,
    requestId: c.get('requestId'),
    ...more.members,
  }
  const headers = { 'Content-Type': 'application/problem+json', ...headersOf[status], ...more.headers }
  return answerJson(c, body, { status, headers })
}
