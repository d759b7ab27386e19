import { UnconfirmedError, type ClientError } from './client-error.ts'
import { exitCode } from './exit-codes.ts'

interface Circumstances {
  readonly error: ClientError
  /** The job, if the API has named it. */
  readonly id: string | undefined
  /** Why nobody waits any longer, if that is what has ended it. */
  readonly stopped: 'left' | 'too late' | undefined
  readonly timeout: string
  /** How this program is called, for sentences that name another command of it. */
  readonly command: string
}

/** Why a deploy has no verdict here, as a sentence, with the exit code that says the same to a pipeline. */
export function whyNoVerdict(circumstances: Circumstances): { reason: string; code: number } {
  const { error, id, stopped, timeout } = circumstances
  const now = howItIsNow(circumstances)
  if (stopped === 'left') return { reason: now, code: exitCode.cancelled }
  if (stopped === 'too late') {
    const why = id === undefined ? ` (${error.message})` : ''
    return { reason: `No verdict within ${timeout}${why}. ${now}`, code: exitCode.unknown }
  }
  const isUncertain = id !== undefined || error instanceof UnconfirmedError
  if (isUncertain) return { reason: `${error.message}. ${now}`, code: exitCode.unknown }
  const { code, status = 0 } = error
  // With a code of its own and a status below 500 the API says that it has begun nothing.
  const isRefused = code !== undefined && status < 500
  return { reason: error.message, code: isRefused ? exitCode.rejected : exitCode.unknown }
}

function howItIsNow({ error, id, command }: Circumstances): string {
  if (id !== undefined) {
    return `Job ${id} goes on: follow it with "${command} logs ${id} --follow", or stop it with "${command} cancel ${id}"`
  }
  return error instanceof UnconfirmedError
    ? `No job was confirmed, but one may have begun: look with "${command} jobs"`
    : 'Nothing was started'
}
