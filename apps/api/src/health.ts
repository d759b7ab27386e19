import { RefusedError } from '@redeployster/shared/contract/errors'
import { isOutage } from '@redeployster/shared/redis/outage'
import { answerJson } from './answer-json.ts'
import { isAway } from './heartbeat.ts'
import type { Handler, Parts } from './parts.ts'

/** `GET /healthz`: this process answers. */
export const showHealth: Handler = (c) => answerJson(c, { status: 'ok' })

/** `GET /readyz`: whether a deploy would be accepted now. It tells strangers kinds of parts, never names. */
export function showReadiness(parts: Parts): Handler {
  return async (c) => {
    const { away, checking = [] } = await look(parts)
    if (away.length > 0) return answerJson(c, { away }, { status: 503, headers: { 'Retry-After': '5' } })
    return answerJson(c, { status: 'ready', ...(checking.length > 0 && { checking }) })
  }
}

interface Seen {
  readonly away: readonly string[]
  /** What is there, and not yet whole: services that are already checked are deployed, the others have to wait. */
  readonly checking?: readonly string[]
}

async function look({ catalogue, stopping }: Parts): Promise<Seen> {
  if (stopping.aborted) return { away: ['api'] }
  try {
    const hosts = await catalogue.hosts()
    const now = Date.now()
    const away = hosts.every((host) => isAway(host, now)) ? ['worker'] : []
    const { isComplete } = await catalogue.all()
    return { away, checking: isComplete ? [] : ['catalogue'] }
  } catch (error) {
    if (isOutage(error)) return { away: ['redis'] }
    if (error instanceof RefusedError) return { away: ['catalogue', 'worker'] }
    throw error
  }
}
