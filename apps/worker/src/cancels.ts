import type { DeployPorts } from './job.ts'

/** Stops the jobs at work that somebody has cancelled while we could not be told. */
export async function obeyCancels({ running, jobs, logger, signal }: DeployPorts): Promise<void> {
  try {
    for (const [id, stop] of running) {
      if (stop.reason === undefined && (await jobs.isCancelAsked(id))) await stop.give('cancel')
    }
  } catch (error) {
    if (!signal.aborted) logger.error({ err: error }, 'Cannot look for cancelled jobs; trying again')
  }
}
