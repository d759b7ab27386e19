import type { Client } from './client.ts'
import { notFromUs } from './client-error.ts'
import { readJob, type Job } from './job.ts'

interface Asking {
  readonly signal?: AbortSignal
  readonly limitMs?: number
  /** How long the answer may be held, for the verdict. */
  readonly waitSeconds?: number
}

/** The record of a job. */
export async function askForJob(client: Client, id: string, asking: Asking = {}): Promise<Job> {
  const { waitSeconds = 0, limitMs = (waitSeconds + 30) * 1000, ...rest } = asking
  const wait = waitSeconds > 0 ? `?wait=${waitSeconds}` : ''
  const { value } = await client.json('GET', `/jobs/${id}${wait}`, { ...rest, limitMs })
  const job = readJob(value)
  if (job?.id !== id) throw notFromUs(client.url, { status: 200 })
  return job
}
