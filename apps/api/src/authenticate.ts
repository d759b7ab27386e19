import { randomUUID } from 'node:crypto'
import { isSame, parseBearer, Token, tokenDigest, type TokenHash } from '@redeployster/shared/contract/token'
import { RefusedError } from '@redeployster/shared/contract/errors'

export interface Secrets {
  /** Keys the token digests. */
  readonly secret: string
  readonly adminToken: Token | undefined
}

/** Whoever sent a request, known by the token alone. */
export interface Caller {
  readonly hash: TokenHash
  readonly digest: string
  readonly isAdmin: boolean
  /** Whether the caller may deploy a service with these digests. */
  mayDeploy(digests: readonly string[]): boolean
}

/** So many digests are compared at least, whether a service has none or two: an answer's time tells nothing. */
const leastComparisons = 4

export function identify(authorization: string | undefined, { secret, adminToken }: Secrets): Caller {
  // No token, or a malformed one, is treated as one that nobody has, so that it takes the same way to the same 401.
  const { hash } = parseBearer(authorization) ?? new Token(randomUUID())
  const digest = tokenDigest(secret, hash)
  const adminDigest = tokenDigest(secret, (adminToken ?? new Token(randomUUID())).hash)
  const isAdmin = isSame(adminDigest, digest)

  return {
    hash,
    digest,
    isAdmin,
    mayDeploy(digests) {
      const decoys = Array<string>(Math.max(0, leastComparisons - digests.length)).fill(adminDigest)
      const matches = [...digests, ...decoys].map((it) => isSame(it, digest))
      return isAdmin || matches.slice(0, digests.length).includes(true)
    },
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
