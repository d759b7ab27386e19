import { RefusedError } from '@redeployster/shared/contract/errors'
import { isOutage } from '@redeployster/shared/redis/outage'
import type { Context } from 'hono'
import type { ApiEnv, Parts } from './parts.ts'
import { problem } from './problem.ts'

/** What a handler threw, as an answer. */
export async function answerError(
  c: Context<ApiEnv>,
  { logger, failedAuths }: Pick<Parts, 'logger' | 'failedAuths'>,
  error: Error,
): Promise<Response> {
  if (error instanceof RefusedError) {
    const waitSeconds = error.code === 'unauthorized' ? await failedAuths.count(c.env.incoming) : undefined
    return waitSeconds === undefined ? problem(c, error.code, error.message) : tooManyFailures(c, waitSeconds)
  }
  const requestId = c.get('requestId')
  if (isOutage(error)) {
    logger.warn({ requestId, reason: error.message }, 'Redis did not answer a request')
    return problem(
      c,
      'redis_unavailable',
      'Redis is away, refuses to work or holds what cannot be read; the log of the API says which. Nothing was started: ' +
        'try again in a few seconds.',
    )
  }
  logger.error({ requestId, err: error }, 'A request failed in a way that it must not')
  return problem(c, 'internal', 'This should not happen. Look for the request id in the log of the API.')
}

function tooManyFailures(c: Context<ApiEnv>, waitSeconds: number): Response {
  return problem(
    c,
    'too_many_failures',
    `unknown service or wrong token, too often from this address in a minute. Check both; a right token is taken at ` +
      `any time.`,
    { headers: { 'Retry-After': String(waitSeconds) } },
  )
}
