import { createClient } from './client.ts'
import { deployKey } from './deploy-key.ts'
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
  const key = deployKey(options.key)
  return watch(around, { client, options, token: settings.token }, (signal, note) =>
    requestJob(client, path, { signal, key, note }),
  )
}
