import type { TokenHash } from '@redeployster/shared/contract/token'
import type { Problem } from '../compose/project.ts'
import { checkService, type ServiceChecks } from './check-service.ts'
import type { CheckOutcome } from './entries.ts'
import { readSettings } from './service-settings.ts'
import type { SeenService } from './services-from-containers.ts'

/** What the catalogue makes of a check: only keyed digests of the tokens leave the worker. */
export async function checkOutcome(
  seen: SeenService,
  checks: ServiceChecks,
  digestOf: (hash: TokenHash) => string,
): Promise<CheckOutcome> {
  const checked = await checkService(seen, checks).catch(toProblem)
  if ('problem' in checked) return { kind: 'refused', reason: checked.problem }
  if ('settings' in checked) return { kind: 'deployable', digests: checked.settings.hashes.map(digestOf) }
  const settings = readSettings(seen.labels)
  const digests = 'hashes' in settings ? settings.hashes.map(digestOf) : []
  return { kind: 'unsure', digests, reason: checked.output.trim().split('\n').at(-1) ?? '' }
}

/** One service that cannot be checked must not keep the others from it. */
function toProblem(error: unknown): Problem {
  return { problem: `it could not be checked (${error instanceof Error ? error.message : String(error)})` }
}
