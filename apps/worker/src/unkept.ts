import { isFinal, type JobRequest } from '@redeployster/shared/contract/job'
import type { Logger } from '@redeployster/shared/runtime/logger'
import type { DeployPorts } from './job.ts'
import { reasonOf } from './reason.ts'
import { rejected } from './verdicts.ts'

/**
 * Refuses a job for which there is no room in the state directory: without its folder no worker could go on with it.
 * Rejects when it has begun and has no verdict: it stays on its queue, and is looked at again.
 */
export async function refuseUnkept(
  request: JobRequest,
  error: unknown,
  logger: Logger,
  { jobs, queues, stateDir }: Pick<DeployPorts, 'jobs' | 'queues' | 'stateDir'>,
): Promise<void> {
  logger.error({ err: error }, `Cannot keep a job in ${stateDir}`)
  await queues.releaseJoinKey(request)
  const why = `the worker cannot write to its state directory (${reasonOf(error)}): mend that and deploy again`
  await jobs.concludeUnbegun(request.id, rejected(why))
  const record = await jobs.get(request.id)
  if (!record || !isFinal(record)) throw new Error('Cannot go on with a job', { cause: error })
  await queues.finish(request)
}
