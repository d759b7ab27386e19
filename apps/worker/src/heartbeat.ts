import type { CataloguePublisher } from '@redeployster/shared/catalogue/catalogue'
import type { HostInfo } from '@redeployster/shared/contract/catalogue-entry'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { setTimeout as delay } from 'node:timers/promises'

const everyMs = 5000

/** Says every 5 s that the worker lives, and publishes the catalogue again when Redis has lost it. */
export function beatHeart(
  publisher: CataloguePublisher,
  info: Omit<HostInfo, 'seenAt'>,
  republish: () => Promise<void>,
  logger: Logger,
  signal: AbortSignal,
): void {
  async function beat() {
    while (!signal.aborted) {
      const isPublished = await publisher.heartbeat({ ...info, seenAt: new Date().toISOString() })
      if (!isPublished) await republish()
      await delay(everyMs, undefined, { signal })
    }
  }
  beat().catch((error: unknown) => {
    if (signal.aborted) return
    logger.error({ err: error }, 'Cannot say that the worker lives; trying again')
    setTimeout(() => beatHeart(publisher, info, republish, logger, signal), everyMs).unref()
  })
}
