import type { JobRequest } from '@redeployster/shared/contract/job'
import { isFulfilled, type PublishedRule } from '@redeployster/shared/contract/oidc-rule'
import { isSealedJwt, openJwt } from '@redeployster/shared/contract/sealed-jwt'
import { isProven, type TokenHash } from '@redeployster/shared/contract/token'
import { IssuerAwayError } from '@redeployster/shared/oidc/issuer-keys'
import type { Verified, Verifier } from '@redeployster/shared/oidc/verifier'
import type { ServiceSettings } from './catalogue/service-settings.ts'

export interface Proving {
  readonly secret: string
  readonly adminHash: TokenHash | undefined
  readonly verifier: Verifier
}

/** Why nobody who may has asked for this job, by the labels as they are now; nothing if somebody has. */
export async function whyUnproven(
  request: JobRequest,
  { hashes, oidc }: Pick<ServiceSettings, 'hashes' | 'oidc'>,
  proving: Proving,
): Promise<string | undefined> {
  if (isSealedJwt(request.proof)) return whyUnfulfilled(request, oidc, proving)
  const { adminHash } = proving
  return isProven(request, adminHash ? [...hashes, adminHash] : hashes)
    ? undefined
    : 'the job does not prove knowledge of the token that the service has now'
}

async function whyUnfulfilled(
  request: JobRequest,
  rule: PublishedRule | undefined,
  { secret, verifier }: Proving,
): Promise<string | undefined> {
  const jwt = openJwt(secret, request)
  if (jwt === undefined) return 'the identity token was not given for this job'
  if (rule === undefined) return 'the service has no label redeployster.oidc any more'
  const expected = { issuer: rule.issuer, audiences: [rule.audience], at: askedAt(request) }
  const verified = await verifier.verify(jwt, expected).catch(toProblem)
  if ('problem' in verified) return `the identity token cannot be accepted: ${verified.problem}`
  return isFulfilled(rule, verified.claims)
    ? undefined
    : 'the identity token does not fulfil the label redeployster.oidc that the service has now'
}

const mostWaitedMs = 60 * 60 * 1000

/** A token is to be valid when its job is asked for: it may end while that waits. What a job says of that has bounds. */
function askedAt({ acceptedAt }: JobRequest): Date {
  const now = Date.now()
  return new Date(Math.min(Math.max(Date.parse(acceptedAt), now - mostWaitedMs), now))
}

function toProblem(error: unknown): Verified {
  if (error instanceof IssuerAwayError) return { problem: `${error.message}; deploy again when they can` }
  throw error
}
