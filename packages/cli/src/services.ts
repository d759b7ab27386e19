import { createClient } from '@redeployster/client/client'
import { readClientSettings, type ClientOptions } from '@redeployster/client/settings'
import { listServices } from './client/list-services.ts'
import { serviceTable } from './client/service-table.ts'

export interface ServicesOptions extends ClientOptions {
  readonly json?: boolean
}

/** `redeployster services`: what the token may deploy, and how it is. */
export async function services(
  source: NodeJS.ProcessEnv,
  options: ServicesOptions,
  print: (text: string) => void,
): Promise<void> {
  const listed = await listServices(createClient(readClientSettings(source, options)))
  print(options.json ? listed.text.trimEnd() : serviceTable(listed.services, new Date()).join('\n'))
}
