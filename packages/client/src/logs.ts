import { askForJob } from './ask-for-job.ts'
import { createClient } from './client.ts'
import { ClientError } from './client-error.ts'
import { isJobId } from './job.ts'
import { keepAsking } from './keep-asking.ts'
import { readClientSettings, type ClientOptions } from './settings.ts'
import type { Surroundings } from './surroundings.ts'
import { watch, type WatchOptions } from './watch.ts'

export interface LogsOptions extends ClientOptions, WatchOptions {
  readonly follow?: boolean
}

/** `redeployster logs <job>`: resolves to the exit code, which with `--follow` is that of the deploy. */
export async function logs(around: Surroundings, job: string, options: LogsOptions): Promise<number> {
  const id = jobIdIn(job)
  const settings = readClientSettings(around.env, options)
  const client = createClient(settings)
  if (options.follow) {
    return watch(around, { client, options, token: settings.token, id }, (signal, note) =>
      keepAsking(() => askForJob(client, id, { signal }), { signal, note }),
    )
  }
  const text = await client.text('GET', `/jobs/${id}/log`, { headers: { Accept: 'text/plain' } })
  const lines = text.split('\n').slice(0, -1)
  const objects = () => lines.map((line) => `${JSON.stringify({ type: 'line', text: line })}\n`).join('')
  around.stdout.write(options.json ? objects() : text)
  return 0
}

export function jobIdIn(text: string): string {
  if (isJobId(text)) return text
  throw new ClientError(`${JSON.stringify(text)} is no job: its id stands in the first line of its log`)
}
