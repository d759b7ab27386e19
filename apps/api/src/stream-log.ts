import type { JobId } from '@redeployster/shared/contract/job'
import type { Context } from 'hono'
import { withExitCodeTrailer, type Streaming, type TextWithExitCode } from './exit-code-trailer.ts'
import { followLog, type Followed } from './follow-log.ts'
import { remembered } from './heartbeat.ts'
import type { ApiEnv, Parts } from './parts.ts'
import type { Reader } from './reader.ts'

interface More {
  readonly status?: Streaming['status']
  readonly headers?: Record<string, string>
}

/** Answers with a log that is still being written. */
export function streamLog(c: Context<ApiEnv>, parts: Parts, followed: Followed, more?: More): Response {
  const { job, from, opening, form } = followed
  const kept = { job: remembered(job), from, opening, form }
  return answerWithLog(c, parts, kept, (reader) => followLog(kept, parts, reader), more)
}

/** Answers with the text of a log, and writes down how it ended. */
export function answerWithLog(
  c: Context<ApiEnv>,
  { logger }: Parts,
  { job: { id: job }, form }: Pick<Followed, 'form'> & { readonly job: { readonly id: JobId } },
  start: (reader: Reader) => TextWithExitCode,
  { status, headers }: More = {},
): Response {
  const begunAt = Date.now()
  const requestId = c.get('requestId')
  logger.debug({ at: 'answered', job }, 'Answers')
  return withExitCodeTrailer(c, {
    status,
    headers: { 'Content-Type': form.contentType, 'Job-Id': job, ...headers },
    start,
    onEnd(end) {
      const told = { requestId, job, ms: Date.now() - begunAt }
      if (end.kind === 'ended') logger.info({ ...told, exitCode: end.exitCode }, 'Stream ended')
      else if (end.kind === 'left') logger.info(told, 'Client left')
      else logger.warn({ ...told, err: end.error }, 'Stream broke off')
    },
  })
}
