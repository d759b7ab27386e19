import type { ServiceKey } from '@redeployster/shared/contract/service'
import type { DeployPorts } from './job.ts'

/** Keeps the past within its bounds: all of it, and the jobs of a service that has just got one more. */
export async function trimHistory(
  { history, logger, signal }: Pick<DeployPorts, 'history' | 'logger' | 'signal'>,
  deployed?: ServiceKey,
): Promise<void> {
  try {
    if (deployed) await history.trimService(deployed)
    await history.trimAll()
  } catch (error) {
    // No deploy suffers from it; the next trim removes what is left over.
    if (!signal.aborted) logger.error({ err: error }, 'Cannot trim the history; trying again')
  }
}
