import { isRefusal } from './refusal.ts'
import { isUnreadable } from './unreadable.ts'

/** What ioredis says when a command could not be sent. */
const unsent = "Stream isn't writeable and enableOfflineQueue options is false"
/** What it says when a command could not be sent, or was not answered. */
const connectionMessages = ['Command timed out', 'Connection is closed.', unsent]

/** What Redis answers while it cannot work: it loads, is full, or is a replica. */
const passing = /^(LOADING|BUSY|OOM|MISCONF|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN)\b/

const connectionCode =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT|EACCES)$/

/** Whether a command failed because Redis is away, refuses to work or holds what is none of ours: no mistake of ours. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { name, message } = error
  if (isUnreadable(error)) return true
  if (name === 'ReplyError') return isPassing(error) || isRefusal(error)
  if (name === 'MaxRetriesPerRequestError' || name === 'AbortError') return true
  return (
    connectionMessages.includes(message) || connectionCode.test(String((error as NodeJS.ErrnoException).code))
  )
}

/** Whether a command failed that may have been carried out all the same, or may be yet: it was sent and not answered. */
export function isUnanswered(error: unknown): boolean {
  if (!(error instanceof Error) || isUnreadable(error)) return false
  return isOutage(error) && error.name !== 'ReplyError' && error.message !== unsent
}

/** Whether Redis refuses a command that it may take later. */
export function isPassing({ message }: Error): boolean {
  return passing.test(message)
}
