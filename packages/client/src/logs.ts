import { askForJob } from './ask-for-job.ts'
import { createClient, type Client } from './client.ts'
import { endingOf, jobIdIn } from './job.ts'
import { keepAsking } from './keep-asking.ts'
import { numberedLines } from './numbered-lines.ts'
import { readClientSettings, type ClientOptions } from './settings.ts'
import { showJson } from './show-json.ts'
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
  if (options.json) await printObjects(around, client, id)
  else around.stdout.write(await textSoFar(client, id))
  return 0
}

/** The same that `--follow` prints, as far as it is there. */
async function printObjects({ stdout, stderr }: Surroundings, client: Client, id: string): Promise<void> {
  const show = showJson(
    (text) => void stdout.write(text),
    (text) => void stderr.write(text),
  )
  // The record first: of a job that has ended then the log is whole.
  const job = await askForJob(client, id)
  const lines = numberedLines(await textSoFar(client, id), 1)
  show.begin(job)
  show.lines(lines.filter(({ text }) => !text.startsWith(`redeployster: job ${id} exit-code: `)))
  const ending = endingOf(job)
  if (ending) show.end(ending, job)
}

function textSoFar(client: Client, id: string): Promise<string> {
  return client.text('GET', `/jobs/${id}/log`, { headers: { Accept: 'text/plain' } })
}
