import { describe, expect, it } from 'vitest'
import {
  isFulfilled,
  isTrustworthyAddress,
  publishedRule,
  ruleDigest,
  type PublishedRule,
} from './oidc-rule.ts'
import { Token, tokenDigest } from './token.ts'

const issuer = 'https://token.actions.githubusercontent.com'
const audience = 'https://deploy.example.com'
const rule: PublishedRule = {
  issuer,
  audience,
  claims: [
    ['repository', 'acme/shop'],
    ['ref', 'refs/heads/main'],
  ],
}
const given = { iss: issuer, aud: audience, repository: 'acme/shop', ref: 'refs/heads/main', run_id: '1' }

describe('a rule', () => {
  it.each([
    ['every claim is equal', {}, true],
    ['it is for others, too', { aud: ['https://other.example.com', audience] }, true],
    ['a claim has another value', { ref: 'refs/heads/next' }, false],
    ['a claim has more than the value', { ref: 'refs/heads/main2' }, false],
    ['a claim has other letters', { repository: 'Acme/shop' }, false],
    ['a claim is absent', { ref: undefined }, false],
    ['a claim is nothing', { ref: null }, false],
    ['a claim is a list that holds the value', { ref: ['refs/heads/main'] }, false],
    ['it is of another issuer', { iss: 'https://gitlab.com' }, false],
    ['it is for somebody else', { aud: 'https://other.example.com' }, false],
    ['it is for nobody', { aud: undefined }, false],
  ])('is fulfilled or not by a token: %s', (_, changed, isIt) => {
    expect(isFulfilled(rule, { ...given, ...changed })).toBe(isIt)
  })

  it.each([
    ['true', true, true],
    ['42', 42, true],
    ['true', 'true', true],
    ['true', 1, false],
  ])('compares texts: "%s" and %j', (value, claim, isIt) => {
    const asText: PublishedRule = { ...rule, claims: [['of', value]] }
    expect(isFulfilled(asText, { ...given, of: claim })).toBe(isIt)
  })

  it.each(['constructor', '__proto__', 'toString'])(
    'is not fulfilled by what every object has: %s',
    (name) => {
      expect(isFulfilled({ ...rule, claims: [[name, String({}.constructor)]] }, given)).toBe(false)
    },
  )

  it('has no claims, and so is open to all, in no catalogue', () => {
    expect(publishedRule.safeParse(rule).success).toBe(true)
    expect(publishedRule.safeParse({ ...rule, claims: [] }).success).toBe(false)
  })
})

it.each([
  ['https://gitlab.example.com', true],
  ['https://example.com/realms/ci', true],
  ['http://127.0.0.1:8080', true],
  ['http://[::1]:8080/x', true],
  ['http://localhost', true],
  ['http://example.com', false],
  ['http://127.0.0.1.example.com', false],
  ['http://localhost@example.com', false],
  ['https://user:password@example.com', false],
  ['file:///etc/passwd', false],
  ['gitlab.com', false],
  ['', false],
])('fetches keys over TLS, or from this very machine: %s → %s', (address, isIt) => {
  expect(isTrustworthyAddress(address)).toBe(isIt)
})

describe('the digest of a rule', () => {
  const digest = ruleDigest('secret', rule)

  it.each<[string, Partial<PublishedRule>]>([
    ['issuer', { issuer: 'https://gitlab.com' }],
    ['audience', { audience: 'https://other.example.com' }],
    ['claims', { claims: [['repository', 'acme/shop']] }],
  ])('is another for another %s', (_, changed) => {
    expect(ruleDigest('secret', { ...rule, ...changed })).not.toBe(digest)
  })

  it('is another with another secret', () => {
    expect(ruleDigest('other', rule)).not.toBe(digest)
  })

  it('is that of no token, since everybody may know the rule', () => {
    const text = `oidc\n${JSON.stringify([rule.issuer, rule.audience, rule.claims])}`
    expect(tokenDigest('secret', new Token(text).hash)).not.toBe(digest)
  })
})
