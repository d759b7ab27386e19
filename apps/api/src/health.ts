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
    const away = await findAway(parts)
    if (away.length === 0) return answerJson(c, { status: 'ready' })
    return answerJson(c, { away }, { status: 503, headers: { 'Retry-After': '5' } })
  }
}

async function findAway({ catalogue, stopping }: Parts): Promise<readonly string[]> {
  if (stopping.aborted) return ['api']
  try {
    const hosts = await catalogue.hosts()
    const now = Date.now()
    const away = hosts.every((host) => isAway(host, now)) ? ['worker'] : []
    const { isComplete } = await catalogue.all()
    return isComplete ? away : ['catalogue', ...away]
  } catch (error) {
    if (isOutage(error)) return ['redis']
    if (error instanceof RefusedError) return ['catalogue', 'worker']
    throw error
  }
}
