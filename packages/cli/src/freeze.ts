import os from 'node:os'
import { describeFreeze, freeze as freezeSchema } from '@redeployster/shared/contract/freeze'
import { qualifiedName } from '@redeployster/shared/contract/service'
import { createClient, type Client } from './client/client.ts'
import { ClientError } from './client/client-error.ts'
import { listServices } from './client/list-services.ts'
import { nameService } from './client/name-service.ts'
import { readClientSettings } from './client/settings.ts'
import { printable } from './rows.ts'

export interface UnfreezeOptions {
  readonly url?: string
}

export interface FreezeOptions extends UnfreezeOptions {
  readonly reason: string
  /** How long; without it, until somebody lifts it. */
  readonly for?: string
  readonly by?: string
}

type Print = (text: string) => void

/** `redeployster freeze <service>` */
export async function freeze(
  source: NodeJS.ProcessEnv,
  name: string,
  { url, by = ourselves(), ...asked }: FreezeOptions,
  print: Print,
): Promise<void> {
  const client = createClient(readClientSettings(source, url))
  const service = nameService(name, (await listServices(client)).services)
  const body = { reason: asked.reason, for: asked.for, by }
  const { value } = await client.json('PUT', freezePath(qualifiedName(service)), { body })
  const undo = `Lift it with "redeployster unfreeze ${qualifiedName(service)}".`
  print(printable(`${describeFreeze(service, freezeSchema.parse(value))}. ${undo}`))
}

/** `redeployster unfreeze <service>` */
export async function unfreeze(
  source: NodeJS.ProcessEnv,
  name: string,
  { url }: UnfreezeOptions,
  print: Print,
): Promise<void> {
  const client = createClient(readClientSettings(source, url))
  const service = await qualify(name, client)
  const wasFrozen = await isFrozen(service, client)
  if (wasFrozen) await client.request('DELETE', freezePath(service))
  print(printable(wasFrozen ? `${service} can be deployed again.` : `${service} was not frozen.`))
}

/** A whole name is taken as it is: the freeze of a service that has vanished must be liftable. */
async function qualify(name: string, client: Client): Promise<string> {
  if (name.includes('/')) return name
  return qualifiedName(nameService(name, (await listServices(client)).services))
}

async function isFrozen(service: string, client: Client): Promise<boolean> {
  try {
    await client.json('GET', freezePath(service))
    return true
  } catch (error) {
    if (error instanceof ClientError && error.code === 'not_frozen') return false
    throw error
  }
}

function freezePath(service: string): string {
  return `/services/${service.split('/').map(encodeURIComponent).join('/')}/freeze`
}

/** Who sits at this terminal, as far as that can be known. */
function ourselves(): string {
  try {
    return `${os.userInfo().username}@${os.hostname()}`
  } catch {
    // A user without a name, as in many containers.
    return `${process.getuid?.() ?? 'somebody'}@${os.hostname()}`
  }
}
