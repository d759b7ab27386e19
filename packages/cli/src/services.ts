import { createClient } from './client/client.ts'
import { listServices } from './client/list-services.ts'
import { serviceTable } from './client/service-table.ts'
import { readClientSettings } from './client/settings.ts'

export interface ServicesOptions {
  readonly url?: string
  readonly json?: boolean
}

/** `redeployster services`: what the token may deploy, and how it is. */
export async function services(
  source: NodeJS.ProcessEnv,
  { url, json = false }: ServicesOptions,
  print: (text: string) => void,
): Promise<void> {
  const listed = await listServices(createClient(readClientSettings(source, url)))
  print(json ? listed.text.trimEnd() : serviceTable(listed.services, new Date()).join('\n'))
}
