import { deployerOf } from '@redeployster/shared/contract/deployer'
import { RefusedError } from '@redeployster/shared/contract/errors'
import { isFulfilled, ruleDigest, type PublishedRule } from '@redeployster/shared/contract/oidc-rule'
import { sealJwt } from '@redeployster/shared/contract/sealed-jwt'
import { IssuerAwayError } from '@redeployster/shared/oidc/issuer-keys'
import { saidBy, type Expected, type Verified } from '@redeployster/shared/oidc/verifier'
import type { Credential } from './authenticate.ts'
import type { Parts } from './parts.ts'

export type Recognizing = Pick<Parts, 'secret' | 'catalogue' | 'verifier' | 'logger'>

/** What a caller wants to do: who only reads of a job may come later, with the token by which it was asked for. */
export type Wanted = 'read' | 'change'

/** Such a token lives for minutes, and a pipeline that waits for a verdict has no other. */
const readableMs = 60 * 60 * 1000

/** The rules of the catalogue that an identity token fulfils; none for a token that only looks like one. */
export async function recognize(
  jwt: string,
  wanted: Wanted,
  parts: Recognizing,
): Promise<readonly Credential[]> {
  const { issuer, expiresAtMs = 0 } = saidBy(jwt)
  const rules = issuer === undefined ? [] : await rulesOf(issuer, parts)
  // Only labels say where keys are fetched from, never a stranger's token.
  if (issuer === undefined || rules.length === 0) return []
  const now = Date.now()
  const at = new Date(wanted === 'read' ? Math.max(Math.min(now, expiresAtMs), now - readableMs) : now)
  const verified = await verify(jwt, { issuer, audiences: rules.map(({ audience }) => audience), at }, parts)
  if ('problem' in verified) {
    parts.logger.info({ issuer, reason: verified.problem }, 'Refused an identity token')
    return []
  }
  const by = deployerOf(verified.claims)
  const fulfilled = rules.filter((rule) => isFulfilled(rule, verified.claims))
  if (fulfilled.length === 0) parts.logger.info(by, 'An identity token fulfils no rule')
  return fulfilled.map((rule) => ({
    digest: ruleDigest(parts.secret, rule),
    by,
    prove: (asked) => sealJwt(parts.secret, jwt, asked),
  }))
}

async function rulesOf(issuer: string, { catalogue }: Recognizing): Promise<readonly PublishedRule[]> {
  const { entries } = await catalogue.all()
  return entries.flatMap(({ oidc }) => (oidc?.issuer === issuer ? [oidc] : []))
}

async function verify(jwt: string, expected: Expected, { verifier, logger }: Recognizing): Promise<Verified> {
  try {
    return await verifier.verify(jwt, expected)
  } catch (error) {
    if (!(error instanceof IssuerAwayError)) throw error
    logger.warn({ issuer: expected.issuer, reason: error.message }, 'Cannot verify an identity token')
    throw issuerAway(error)
  }
}

function issuerAway(cause: Error) {
  return new RefusedError(
    'issuer_unavailable',
    'The issuer of this identity token does not answer with its keys, so nobody knows whether it is right. Nothing was ' +
      'started: try again in a few seconds.',
    { cause },
  )
}
