import type { Logger } from '@redeployster/shared/runtime/logger'
import { setTimeout as delay } from 'node:timers/promises'
import type { Docker } from './catalogue/docker.ts'
import { reasonOf } from './reason.ts'

const againMs = 1000

/** Resolves when the engine answers; says once what to do when it does not. Rejects on abort. */
export async function waitForEngine(
  docker: Docker,
  dockerHost: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<{ id: string; version: string }> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      const engine = await docker.engine()
      logger.info(`Docker engine ${engine.version} at ${dockerHost}`)
      return engine
    } catch (error) {
      const advice = `No Docker engine answers at ${dockerHost}: start it, or set DOCKER_HOST; waiting for it`
      if (isFirst) logger.warn({ reason: reasonOf(error) }, advice)
    }
    await delay(againMs, undefined, { signal })
  }
}
