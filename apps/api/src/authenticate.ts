import { randomUUID } from 'node:crypto'
import type { Deployer } from '@redeployster/shared/contract/deployer'
import { RefusedError } from '@redeployster/shared/contract/errors'
import type { JobRequest } from '@redeployster/shared/contract/job'
import { isSame, parseBearer, proofOf, Token, tokenDigest } from '@redeployster/shared/contract/token'
import { recognize, type Recognizing, type Wanted } from './recognize.ts'

export interface Secrets {
  /** Keys the token digests. */
  readonly secret: string
  readonly hasAdmin: boolean
  /** Of the token that may deploy everything; of one that nobody has when there is none. */
  readonly adminDigest: string
}

export function createSecrets(secret: string, adminToken?: string): Secrets {
  const { hash } = new Token(adminToken ?? randomUUID())
  return { secret, hasAdmin: adminToken !== undefined, adminDigest: tokenDigest(secret, hash) }
}

/** By what a caller may deploy: a token, or a rule that an identity token fulfils. */
export interface Credential {
  /** What stands for it in the catalogue and with jobs. */
  readonly digest: string
  /** Who that is, if it says so. */
  readonly by?: Deployer
  /** The proof of a job, which the worker checks. */
  prove(job: Omit<JobRequest, 'tokenDigest' | 'proof'>): string
}

/** Whoever sent a request, known by the token alone. */
export interface Caller {
  readonly isAdmin: boolean
  /** Whether the caller may deploy a service with these digests. */
  mayDeploy(digests: readonly string[]): boolean
  /** By what the caller may deploy such a service. */
  credentialFor(digests: readonly string[]): Credential
}

export async function identify(
  authorization: string | undefined,
  parts: Secrets & Recognizing,
  wanted: Wanted = 'change',
): Promise<Caller> {
  // No token, or a malformed one, is treated as one that nobody has, so that it takes the same way to the same 401.
  const token = parseBearer(authorization) ?? new Token(randomUUID())
  return callerOf(token, parts, token.jwt === undefined ? [] : await recognize(token.jwt, wanted, parts))
}

/** So many digests are compared at least, whether a service has none or two: an answer's time tells nothing. */
const leastComparisons = 4

export function callerOf(
  { hash }: Token,
  { secret, adminDigest }: Secrets,
  recognized: readonly Credential[] = [],
): Caller {
  const own: Credential = { digest: tokenDigest(secret, hash), prove: (job) => proofOf(hash, job) }
  const all = [own, ...recognized]
  const isAdmin = isSame(adminDigest, own.digest)

  function opens({ digest }: Credential, digests: readonly string[]): boolean {
    const decoys = Array<string>(Math.max(0, leastComparisons - digests.length)).fill(adminDigest)
    const matches = [...digests, ...decoys].map((it) => isSame(it, digest))
    return matches.slice(0, digests.length).includes(true)
  }

  return {
    isAdmin,
    mayDeploy(digests) {
      const matches = all.map((it) => opens(it, digests))
      return isAdmin || matches.includes(true)
    },
    credentialFor: (digests) => all.find((it) => opens(it, digests)) ?? own,
  }
}

/** One answer for a wrong token and an unknown service or job: it must not reveal which of them exist. */
export function unauthorized(): RefusedError {
  return new RefusedError(
    'unauthorized',
    'unknown service or wrong token. Check the name in the path, and send the token of that service as ' +
      '"Authorization: Bearer <token>".',
  )
}
