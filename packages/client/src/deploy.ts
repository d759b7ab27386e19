import { randomUUID } from 'node:crypto'
import { createClient } from './client.ts'
import { deployPath } from './deploy-path.ts'
import { requestJob } from './request-job.ts'
import { readClientSettings, type ClientOptions } from './settings.ts'
import type { Surroundings } from './surroundings.ts'
import { watch, type WatchOptions } from './watch.ts'

export interface DeployOptions extends ClientOptions, WatchOptions {
  readonly host?: string
  readonly key?: string
}

/** `redeployster deploy <service>`: resolves to the exit code. */
export async function deploy(around: Surroundings, name: string, options: DeployOptions): Promise<number> {
  const settings = readClientSettings(around.env, options)
  const client = createClient(settings)
  const path = deployPath(name, options.host)
  // Of its own for each run of this command: its second attempt joins the first, the next run deploys anew.
  const key = options.key ?? randomUUID()
  return watch(around, { client, options, token: settings.token }, (signal, note) =>
    requestJob(client, path, { signal, key, note }),
  )
}
