/** Why a request is refused; `apps/api/src/problem.ts` knows each code's HTTP status. */
export type ErrorCode =
  | 'unauthorized'
  | 'too_many_failures'
  | 'no_such_route'
  | 'method_not_allowed'
  | 'ambiguous_service'
  | 'service_gone'
  | 'service_frozen'
  | 'not_frozen'
  | 'admin_only'
  | 'job_final'
  | 'bad_idempotency_key'
  | 'idempotency_conflict'
  | 'body_too_large'
  | 'bad_request'
  | 'catalogue_unavailable'
  | 'redis_unavailable'
  | 'issuer_unavailable'
  | 'too_many_streams'
  | 'too_many_jobs'
  | 'stopping'
  | 'internal'

/** A refusal that a person reads: the message says what to do next. */
export class RefusedError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RefusedError'
    this.code = code
  }
}
