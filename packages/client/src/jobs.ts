import { createClient } from './client.ts'
import { notFromUs } from './client-error.ts'
import { readJob, type Job } from './job.ts'
import { jobTable } from './job-table.ts'
import { readClientSettings, type ClientOptions } from './settings.ts'
import type { Surroundings } from './surroundings.ts'

export interface JobsOptions extends ClientOptions {
  readonly json?: boolean
  readonly limit: string
}

/** `redeployster jobs [service]`: the newest first. */
export async function jobs(
  around: Surroundings,
  service: string | undefined,
  options: JobsOptions,
): Promise<number> {
  const client = createClient(readClientSettings(around.env, options))
  const { text, value } = await client.json('GET', `/jobs?${queryOf(service, options.limit)}`)
  const found = jobsIn(value)
  if (!found) throw notFromUs(client.url, { status: 200 })
  around.stdout.write(options.json ? `${text.trimEnd()}\n` : `${jobTable(found, new Date()).join('\n')}\n`)
  return 0
}

function queryOf(name: string | undefined, limit: string): string {
  const [service, project] = name?.split('/').reverse() ?? []
  return new URLSearchParams({ limit, ...(service && { service }), ...(project && { project }) }).toString()
}

function jobsIn(value: unknown): readonly Job[] | undefined {
  const { jobs: listed } = (value ?? {}) as { jobs?: unknown }
  if (!Array.isArray(listed)) return undefined
  const read = listed.map(readJob)
  return read.every((it) => it !== undefined) ? read : undefined
}
