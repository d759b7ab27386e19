import { isFinal, type JobRecord } from '@redeployster/shared/contract/job'
import type { Context } from 'hono'
import { answerWithJob, redirectToVerdict } from './answer-accepted.ts'
import type { TextWithExitCode } from './exit-code-trailer.ts'
import { toPublic } from './job.ts'
import { logText } from './log-text.ts'
import { openingLine } from './opening-line.ts'
import type { ApiEnv, Parts } from './parts.ts'
import type { WayOfAnswer } from './queries.ts'
import { storedLog } from './stored-log.ts'
import { answerWithLog, streamLog } from './stream-log.ts'

interface Asked {
  readonly way: WayOfAnswer
  readonly hostName: string
}

/** The answer to a request that was made before: the same stream from its begin, also when the job has ended. */
export function answerAgain(
  c: Context<ApiEnv>,
  parts: Parts,
  job: JobRecord,
  { way, hostName }: Asked,
): Response {
  if (way === 'async') return answerWithJob(c, toPublic(job))
  if (way === 'wait') return redirectToVerdict(c, job.id)
  const opening = openingLine(job, { hostName, hasJoined: true })
  const headers = { Location: `/jobs/${job.id}` }
  const wanted = { job, from: 1, form: logText }
  if (!isFinal(job)) return streamLog(c, parts, { ...wanted, opening }, { headers })
  return answerWithLog(c, parts, wanted, () => opened(opening, storedLog(wanted, parts.log)), { headers })
}

async function* opened(opening: string, text: TextWithExitCode): TextWithExitCode {
  yield `${opening}\n`
  return yield* text
}
