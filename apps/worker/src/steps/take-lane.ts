import type { DeployPorts, Job } from '../job.ts'

/** A pull touches no lane, but takes a slot. Rejects when the job is stopped while it waits. */
export async function takeSlot({ request, stop }: Job, { schedule }: DeployPorts) {
  await Promise.race([schedule.takeSlot(request.id), aborted(stop.signal)])
}

/** Rejects when the job is stopped while it waits. */
export async function takeLane({ request, log, logger, stop }: Job, { schedule, jobs }: DeployPorts) {
  const taken = schedule.takeLane(request.id, async (blocker) => {
    await jobs.wait(request.id)
    await log.notice(`waiting for job ${blocker}, which may touch the same services`)
  })
  await Promise.race([taken, aborted(stop.signal)])
  logger.debug({ at: 'lane' }, 'Holds its lane')
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Error('The job was stopped'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
