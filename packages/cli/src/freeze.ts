import os from 'node:os'
import { createClient, type Client } from '@redeployster/client/client'
import { ClientError } from '@redeployster/client/client-error'
import { readClientSettings, type ClientOptions } from '@redeployster/client/settings'
import { describeFreeze, freeze as freezeSchema } from '@redeployster/shared/contract/freeze'
import { qualifiedName } from '@redeployster/shared/contract/service'
import { listServices } from './client/list-services.ts'
import { nameService } from './client/name-service.ts'
import { printable } from './rows.ts'

export type UnfreezeOptions = ClientOptions

export interface FreezeOptions extends ClientOptions {
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
  options: FreezeOptions,
  print: Print,
): Promise<void> {
  const { reason, by = ourselves() } = options
  const client = createClient(readClientSettings(source, options))
  const service = nameService(name, (await listServices(client)).services)
  const body = { reason, for: options.for, by }
  const { value } = await client.json('PUT', freezePath(qualifiedName(service)), { body })
  const undo = `Lift it with "redeployster unfreeze ${qualifiedName(service)}".`
  print(printable(`${describeFreeze(service, freezeSchema.parse(value))}. ${undo}`))
}

/** `redeployster unfreeze <service>` */
export async function unfreeze(
  source: NodeJS.ProcessEnv,
  name: string,
  options: UnfreezeOptions,
  print: Print,
): Promise<void> {
  const client = createClient(readClientSettings(source, options))
  const service = await qualify(name, client)
  const wasFrozen = await isFrozen(service, client)
  if (wasFrozen) await client.text('DELETE', freezePath(service))
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
