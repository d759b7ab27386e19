import { ClientError } from '@redeployster/client/client-error'
import type { ShownService } from '@redeployster/shared/contract/answers'
import { qualifiedName } from '@redeployster/shared/contract/service'

/** The service that a person means by `service` or `project/service`; one of them, when it is on several hosts. */
export function nameService(name: string, services: readonly ShownService[]): ShownService {
  const called = services.filter((it) => it.service === name || qualifiedName(it) === name)
  // What is there goes before what is gone, as in a deploy.
  const live = called.filter(({ state }) => state === 'deployable')
  const meant = live.length > 0 ? live : called
  const names = namesOf(meant)
  const [first] = meant
  if (first === undefined) throw new ClientError(unknown(name, namesOf(services)))
  if (names.length > 1) {
    throw new ClientError(`${names.length} services are called ${name}: say ${names.join(' or ')}`)
  }
  return first
}

function namesOf(services: readonly ShownService[]): readonly string[] {
  return [...new Set(services.map(qualifiedName))].sort()
}

function unknown(name: string, known: readonly string[]): string {
  if (known.length === 0) return `There is no service ${name}, nor any other: "redeployster doctor" says why`
  return `There is no service ${name}; this token opens ${known.join(', ')}`
}
