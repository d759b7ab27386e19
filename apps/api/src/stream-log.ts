import type { JobId } from '@redeployster/shared/contract/job'
import type { Context } from 'hono'
import { withExitCodeTrailer, type TextWithExitCode } from './exit-code-trailer.ts'
import { followLog, type Followed } from './follow-log.ts'
import type { ApiEnv, Parts } from './parts.ts'

/** Answers with a log that is still being written. */
export function streamLog(
  c: Context<ApiEnv>,
  parts: Parts,
  followed: Followed,
  headers?: Record<string, string>,
): Response {
  return answerWithLog(c, parts, followed, (gone) => followLog(followed, { ...parts, gone }), headers)
}

/** Answers with the text of a log, and writes down how it ended. */
export function answerWithLog(
  c: Context<ApiEnv>,
  { logger }: Parts,
  { job: { id: job }, form }: Pick<Followed, 'form'> & { readonly job: { readonly id: JobId } },
  start: (gone: AbortSignal) => TextWithExitCode,
  headers?: Record<string, string>,
): Response {
  const begunAt = Date.now()
  logger.debug({ at: 'answered', job }, 'Answers')
  return withExitCodeTrailer(c, {
    headers: { 'Content-Type': form.contentType, 'Job-Id': job, ...headers },
    start,
    onEnd(end) {
      const told = { requestId: c.get('requestId'), job, ms: Date.now() - begunAt }
      if (end.kind === 'ended') logger.info({ ...told, exitCode: end.exitCode }, 'Stream ended')
      else if (end.kind === 'left') logger.info(told, 'Client left')
      else logger.warn({ ...told, err: end.error }, 'Stream broke off')
    },
  })
}
