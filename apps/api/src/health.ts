import { RefusedError } from '@redeployster/shared/contract/errors'
import { isOutage } from '@redeployster/shared/redis/outage'
import { isAway } from './heartbeat.ts'
import type { Handler, Parts } from './parts.ts'

/** `GET /healthz`: this process answers. */
export const showHealth: Handler = (c) => c.json({ status: 'ok' }, 200, { 'Cache-Control': 'no-store' })

/** `GET /readyz`: whether a deploy would be accepted now. It tells strangers kinds of parts, never names. */
export function showReadiness(parts: Parts): Handler {
  return async (c) => {
    const away = await findAway(parts)
    const headers = { 'Cache-Control': 'no-store' }
    return away.length === 0
      ? c.json({ status: 'ready' }, 200, headers)
      : c.json({ away }, 503, { ...headers, 'Retry-After': '5' })
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
