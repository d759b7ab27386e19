import type { Client } from '@redeployster/client/client'
import { ClientError } from '@redeployster/client/client-error'
import { serviceList, type ShownService } from '@redeployster/shared/contract/answers'

export interface Listed {
  /** As the API wrote it. */
  readonly text: string
  readonly services: readonly ShownService[]
}

/** What the token may deploy. */
export async function listServices(client: Client): Promise<Listed> {
  const { text, value } = await client.json('GET', '/services')
  const parsed = serviceList.safeParse(value)
  if (!parsed.success) {
    throw new ClientError('This answer is not the one of redeployster: check the address, and its version')
  }
  return { text, services: parsed.data.services }
}
