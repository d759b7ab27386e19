import { createHmac } from 'node:crypto'
import { z } from 'zod'

const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?(\/|$)/

/** Where keys may be fetched from: over TLS, or from this very machine. */
export function isTrustworthyAddress(text: string): boolean {
  if (!URL.canParse(text) || /[\s\\]/.test(text)) return false
  const { protocol, username, password } = new URL(text)
  return username + password === '' && (protocol === 'https:' || loopback.test(text))
}

const issuer = z.string().refine((text) => isTrustworthyAddress(text) && !/[?#]/.test(text))

/** Whose identity tokens may deploy a service, as its label says: every claim has to have exactly this value. */
export const oidcRule = z.object({
  issuer,
  claims: z.array(z.tuple([z.string(), z.string()])).min(1),
})
export type OidcRule = Readonly<z.infer<typeof oidcRule>>

/** The same in the catalogue: with the audience that a token has to be made for, which is our own address. */
export const publishedRule = oidcRule.extend({ audience: z.string().min(1) })
export type PublishedRule = Readonly<z.infer<typeof publishedRule>>

/** The claims of a token whose signature was checked. */
export type Claims = Readonly<Record<string, unknown>>

/** A claim that is absent, a list or an object is equal to nothing. */
export function isFulfilled({ issuer, audience, claims }: PublishedRule, given: Claims): boolean {
  return (
    given.iss === issuer &&
    [given.aud].flat().includes(audience) &&
    claims.every(([name, value]) => textOf(given, name) === value)
  )
}

function textOf(given: Claims, name: string): string | undefined {
  const value = given[name]
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined
}

/**
 * Stands for a rule where the digest of a token stands for that token. A rule is no secret, so this is no digest of any
 * token: that is made of 64 characters, and this never is.
 */
export function ruleDigest(secret: string, { issuer, audience, claims }: PublishedRule): string {
  return createHmac('sha256', secret)
    .update(`oidc\n${JSON.stringify([issuer, audience, claims])}`)
    .digest('hex')
}
