import { createClient } from './client.ts'
import { notFromUs } from './client-error.ts'
import { jobIdIn, readJob } from './job.ts'
import { readClientSettings, type ClientOptions } from './settings.ts'
import type { Surroundings } from './surroundings.ts'

export interface CancelOptions extends ClientOptions {
  readonly json?: boolean
}

/** `redeployster cancel <job>` */
export async function cancel(around: Surroundings, job: string, options: CancelOptions): Promise<number> {
  const id = jobIdIn(job)
  const client = createClient(readClientSettings(around.env, options))
  const { text, value } = await client.json('DELETE', `/jobs/${id}`)
  const { state } = readJob(value) ?? fail(client.url)
  const sentence =
    state === 'cancelled'
      ? `Job ${id} is cancelled; nothing was touched.`
      : `Job ${id} is asked to stop; see how with "${around.command} logs ${id} --follow".`
  around.stdout.write(options.json ? `${text.trimEnd()}\n` : `${sentence}\n`)
  return 0
}

function fail(url: string): never {
  throw notFromUs(url, { status: 202 })
}
