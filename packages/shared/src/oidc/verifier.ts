import { decodeJwt, errors, jwtVerify } from 'jose'
import type { Claims } from '../contract/oidc-rule.ts'
import { fetchKeySet, type FetchKeySet } from './fetch-key-set.ts'
import { createIssuerKeys, IssuerAwayError, type FindKey } from './issuer-keys.ts'

export interface Expected {
  /** One that a checked label names: nobody else may make us fetch from an address. */
  readonly issuer: string
  /** One of them has to be the token's. */
  readonly audiences: readonly string[]
  /** When it has to be valid; now unless said otherwise. */
  readonly at?: Date
}

export type Verified = { readonly claims: Claims } | { readonly problem: string }

/** Verifies identity tokens of CI systems. Rejects with an `IssuerAwayError` when the keys for it cannot be had. */
export interface Verifier {
  verify(jwt: string, expected: Expected): Promise<Verified>
}

/** Signatures by a private key only: what anybody could make with a public key, or without any, is none. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
const clockTolerance = 30

export function createVerifier(fetch: FetchKeySet = fetchKeySet, now: () => number = Date.now): Verifier {
  const known = new Map<string, FindKey>()

  function keysOf(issuer: string): FindKey {
    const keys = known.get(issuer) ?? createIssuerKeys(issuer, fetch, now)
    known.set(issuer, keys)
    return keys
  }

  return {
    async verify(jwt, { issuer, audiences, at: currentDate = new Date(now()) }) {
      const options = {
        issuer,
        audience: [...audiences],
        algorithms,
        clockTolerance,
        currentDate,
        requiredClaims: ['exp'],
      }
      try {
        const { payload } = await jwtVerify(jwt, keysOf(issuer), options)
        return { claims: payload }
      } catch (error) {
        if (error instanceof errors.JOSEError) return { problem: describe(error) }
        if (error instanceof IssuerAwayError) throw error
        throw new IssuerAwayError(issuer, { cause: error })
      }
    },
  }
}

/** Never a part of the token. */
function describe(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'it has expired'
  if (error instanceof errors.JWTClaimValidationFailed)
    return `its claim ${error.claim} is not right (${error.reason})`
  return `it is not of that issuer (${error.code})`
}

/** What a token says of itself; nobody has checked that. */
export function saidBy(jwt: string): { readonly issuer?: string; readonly expiresAtMs?: number } {
  try {
    const { iss: issuer, exp } = decodeJwt(jwt)
    return {
      ...(typeof issuer === 'string' && { issuer }),
      ...(typeof exp === 'number' && { expiresAtMs: exp * 1000 }),
    }
  } catch {
    // It only looks like one.
    return {}
  }
}
