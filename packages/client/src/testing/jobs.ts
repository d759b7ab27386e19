import type { Ending, Job } from '../job.ts'

export const id = '01a20a84-b12b-74a7-be77-d9dbb6865924'

export function job(more: Partial<Job> = {}): Job {
  const acceptedAt = '2026-01-01T12:00:00.000Z'
  return {
    id,
    project: 'shop',
    service: 'hello',
    state: 'queued',
    started: false,
    acceptedAt,
    ...more,
  } as Job
}

export function ending(exitCode: number, more: Partial<Ending> = {}): Ending {
  return { id, state: exitCode === 0 ? 'succeeded' : 'failed', started: true, exitCode, ...more }
}
