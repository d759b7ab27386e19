import {
  createLocalJWKSet,
  errors,
  type CryptoKey,
  type FlattenedJWSInput,
  type JWSHeaderParameters,
} from 'jose'
import type { FetchKeySet } from './fetch-key-set.ts'

/** Nobody can tell now whether a token is right. */
export class IssuerAwayError extends Error {
  constructor(issuer: string, options?: ErrorOptions) {
    const { cause } = options ?? {}
    super(
      `the keys of ${issuer} cannot be had${cause instanceof Error ? ` (${cause.message})` : ''}`,
      options,
    )
    this.name = 'IssuerAwayError'
  }
}

export type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>

const minutes = 60_000
/** Keys are fetched anew when they are older, and used on when that fails, but not for ever: one may be revoked. */
const freshMs = 10 * minutes
const mostAgeMs = 24 * 60 * minutes
/** An unknown key makes us look for it, but a stranger with many unknown keys not often. */
const cooldownMs = 30_000
/** Without any keys we try sooner: everybody is waiting. */
const retryMs = 5000

/** The keys of one issuer: cached, refreshed, and asked for at most once at a time. */
export function createIssuerKeys(issuer: string, fetch: FetchKeySet, now: () => number): FindKey {
  let keys: { readonly find: FindKey; readonly fetchedAt: number } | undefined
  let triedAt = Number.NEGATIVE_INFINITY
  let failure: unknown
  let fetching: Promise<void> | undefined

  const age = () => (keys ? now() - keys.fetchedAt : Number.POSITIVE_INFINITY)
  const away = () => new IssuerAwayError(issuer, { cause: failure })

  async function refresh() {
    if (fetching === undefined && now() - triedAt < (keys ? cooldownMs : retryMs)) return
    fetching ??= fetchOnce()
    await fetching
  }

  async function fetchOnce() {
    try {
      keys = { find: createLocalJWKSet(await fetch(issuer)), fetchedAt: now() }
      failure = undefined
    } catch (error) {
      // Told to whoever needs these keys.
      failure = error
    }
    triedAt = now()
    fetching = undefined
  }

  return async (header, token) => {
    if (age() > freshMs) await refresh()
    if (keys === undefined || age() > mostAgeMs) throw away()
    try {
      return await keys.find(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    }
    await refresh()
    return keys.find(header, token).catch((error: unknown) => {
      throw failure === undefined ? error : away()
    })
  }
}
