import { ruleDigest, type PublishedRule } from '@redeployster/shared/contract/oidc-rule'
import { tokenDigest, type TokenHash } from '@redeployster/shared/contract/token'
import type { Problem } from '../compose/project.ts'
import { reasonOf } from '../reason.ts'
import { checkService, type ServiceChecks } from './check-service.ts'
import type { Access, CheckOutcome } from './entries.ts'
import { readSettings, type ServiceSettings } from './service-settings.ts'
import type { SeenService } from './services-from-containers.ts'

/** What stands for a token or a rule in the catalogue. */
type DigestOf = (of: TokenHash | PublishedRule) => string

/** What the catalogue makes of a check: only keyed digests of the tokens leave the worker. */
export async function checkOutcome(
  seen: SeenService,
  checks: ServiceChecks,
  digestOf: DigestOf,
): Promise<CheckOutcome> {
  const checked = await checkService(seen, checks).catch(toProblem)
  if ('problem' in checked) return { kind: 'refused', reason: checked.problem }
  if ('settings' in checked) return { kind: 'deployable', ...accessOf(checked.settings, digestOf) }
  const settings = readSettings(seen.labels, checks.publicUrl)
  const access = 'hashes' in settings ? accessOf(settings, digestOf) : { digests: [] }
  return { kind: 'unsure', ...access, reason: checked.output.trim().split('\n').at(-1) ?? '' }
}

export function digestWith(secret: string): DigestOf {
  return (of) => (typeof of === 'string' ? tokenDigest(secret, of) : ruleDigest(secret, of))
}

function accessOf({ hashes, oidc }: Pick<ServiceSettings, 'hashes' | 'oidc'>, digestOf: DigestOf): Access {
  return oidc ? { digests: [...hashes, oidc].map(digestOf), oidc } : { digests: hashes.map(digestOf) }
}

/** One service that cannot be checked must not keep the others from it. */
function toProblem(error: unknown): Problem {
  return { problem: `it could not be checked (${reasonOf(error)})` }
}
