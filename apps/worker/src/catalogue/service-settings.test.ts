import { Token } from '@redeployster/shared/contract/token'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differingLabel, hasWeakToken, isLabelled, pullPolicies, readSettings } from './service-settings.ts'

const { hash } = new Token('dolphin')
const { hash: nextHash } = new Token('porpoise')
const dolphin = { 'redeployster.token': 'dolphin' }

it.each([
  { labels: dolphin, isIt: true },
  { labels: { 'redeployster.token': '' }, isIt: true },
  { labels: { 'redeployster.token-sha256': hash }, isIt: true },
  { labels: { 'redeployster.oidc': '' }, isIt: true },
  { labels: { 'redeployster.deps': 'false' }, isIt: false },
  { labels: { 'com.docker.compose.service': 'hello' }, isIt: false },
])('opts a service in by a token label, even a useless one: $labels → $isIt', ({ labels, isIt }) => {
  expect(isLabelled(labels)).toBe(isIt)
})

const oidc = 'issuer=https://ci.example.com repository=acme/shop'
const publicUrl = 'https://deploy.example.com'
const rule = { issuer: 'https://ci.example.com', audience: publicUrl, claims: [['repository', 'acme/shop']] }

describe('the settings of a service', () => {
  it.each([
    { labels: { 'redeployster.oidc': oidc }, hashes: [] },
    { labels: { ...dolphin, 'redeployster.oidc': oidc }, hashes: [hash] },
  ])('hold whose identity tokens may deploy it, alone or beside a token: $labels', ({ labels, hashes }) => {
    expect(readSettings(labels, publicUrl)).toMatchObject({ hashes, oidc: rule })
    expect(readSettings(labels)).toEqual({
      problem: expect.stringMatching(/redeployster.oidc needs PUBLIC_URL/),
    })
  })

  it('have no rule without a label for it', () => {
    expect(readSettings(dolphin, publicUrl)).toMatchObject({ oidc: undefined })
  })

  it.each([
    { labels: dolphin, hashes: [hash] },
    { labels: { 'redeployster.token': 'two words' }, hashes: [new Token('two words').hash] },
    { labels: { 'redeployster.token-sha256': hash }, hashes: [hash] },
    {
      labels: { 'redeployster.token-sha256': ` ${hash.toUpperCase()} , ${nextHash}` },
      hashes: [hash, nextHash],
    },
    { labels: { ...dolphin, 'redeployster.token-sha256': nextHash }, hashes: [hash, nextHash] },
  ])('hold the hashes of all its tokens: $labels', ({ labels, hashes }) => {
    expect(readSettings(labels)).toMatchObject({ hashes })
  })

  it('have a default for everything but the token', () => {
    expect(readSettings(dolphin)).toMatchObject({
      withDependencies: true,
      pull: 'auto',
      gateMs: 60_000,
      rollback: false,
      timeoutMs: undefined,
    })
  })

  it.each([
    { label: 'pull', value: 'never', setting: { pull: 'never' } },
    { label: 'gate', value: 'none', setting: { gateMs: 0 } },
    { label: 'gate', value: '90s', setting: { gateMs: 90_000 } },
    { label: 'rollback', value: 'true', setting: { rollback: true } },
    { label: 'timeout', value: '2h', setting: { timeoutMs: 7_200_000 } },
    { label: 'deps', value: 'false', setting: { withDependencies: false } },
  ])('are changed by the label $label=$value', ({ label, value, setting }) => {
    expect(readSettings({ ...dolphin, [`redeployster.${label}`]: value })).toMatchObject(setting)
  })

  it.each([
    { deps: 'true', withDependencies: true },
    { deps: 'false', withDependencies: false },
  ])('leave its dependencies alone only when it says so: $deps', ({ deps, withDependencies }) => {
    expect(readSettings({ ...dolphin, 'redeployster.deps': deps })).toMatchObject({ withDependencies })
  })

  it.each([
    { labels: { 'redeployster.token': '' }, says: 'is its variable set?' },
    { labels: { 'redeployster.token': ' dolphin' }, says: 'cannot be sent' },
    { labels: { 'redeployster.token': 'dolphin ' }, says: 'cannot be sent' },
    { labels: { 'redeployster.token': 'dol\nphin' }, says: 'cannot be sent' },
    { labels: { 'redeployster.token': 'dauphin·e' }, says: 'cannot be sent' },
    { labels: { 'redeployster.token-sha256': '' }, says: 'SHA-256 digests in hex' },
    { labels: { 'redeployster.token-sha256': 'dolphin' }, says: 'SHA-256 digests in hex' },
    { labels: { 'redeployster.token-sha256': `${hash},` }, says: 'SHA-256 digests in hex' },
    { labels: { ...dolphin, 'redeployster.token-sha256': hash.slice(1) }, says: 'SHA-256 digests in hex' },
    { labels: { 'redeployster.oidc': '' }, says: 'its label redeployster.oidc has "" where a claim' },
    {
      labels: { ...dolphin, 'redeployster.oidc': 'issuer=https://ci.example.com' },
      says: 'of the issuer could',
    },
    { labels: { ...dolphin, 'redeployster.deps': 'no' }, says: 'write true or false' },
    {
      labels: { ...dolphin, 'redeployster.tokens': 'x' },
      says: 'redeployster.tokens is unknown; known are redeployster.token',
    },
    { labels: { ...dolphin, 'redeployster.': 'x' }, says: 'is unknown' },
    { labels: { ...dolphin, 'redeployster.pull': 'often' }, says: 'write auto, always, missing, never' },
    { labels: { ...dolphin, 'redeployster.gate': '60' }, says: 'a duration such as 90s' },
    { labels: { ...dolphin, 'redeployster.gate': '0s' }, says: 'a duration such as 90s' },
    { labels: { ...dolphin, 'redeployster.rollback': 'yes' }, says: 'write true or false' },
    { labels: { ...dolphin, 'redeployster.timeout': 'soon' }, says: 'a duration such as 90s or 15m' },
  ])('are none, with the reason, when a label is wrong: $labels', ({ labels, says }) => {
    expect(readSettings(labels)).toEqual({ problem: expect.stringContaining(says) })
  })

  it('never show the token in the reason', () => {
    expect(JSON.stringify(readSettings({ 'redeployster.token': ' dolphin' }))).not.toContain('dolphin')
  })

  it('are understood as a whole, or there is a reason, whatever the labels are', () => {
    const ours = [
      'token',
      'token-sha256',
      'oidc',
      'pull',
      'gate',
      'rollback',
      'timeout',
      'deps',
      '',
      '__proto__',
    ]
    const name = fc.oneof(fc.constantFrom(...ours.map((it) => `redeployster.${it}`)), fc.string())
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom(oidc, 'true', 'auto', '90s', 'none', hash, `${hash},${nextHash}`),
    )
    const property = fc.property(fc.dictionary(name, value), (labels) => {
      expect(isWhole(readSettings(labels, publicUrl))).toBe(true)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('do not mind the labels of others', () => {
    expect(readSettings({ ...dolphin, redeployster: 'x', 'redeploysters.token': 'x' })).toMatchObject({
      hashes: [hash],
    })
  })
})

it.each([
  { labels: dolphin, isWeak: true },
  { labels: { 'redeployster.token': 'a'.repeat(15) }, isWeak: true },
  { labels: { 'redeployster.token': 'a'.repeat(16) }, isWeak: false },
  { labels: { 'redeployster.token-sha256': hash }, isWeak: false },
])('calls a token of less than 16 characters weak: $labels → $isWeak', ({ labels, isWeak }) => {
  expect(hasWeakToken(labels)).toBe(isWeak)
})

it.each([
  { container: dolphin, file: dolphin, differs: undefined },
  { container: { ...dolphin, other: '1' }, file: { ...dolphin, other: '2' }, differs: undefined },
  { container: dolphin, file: { 'redeployster.token': 'porpoise' }, differs: 'redeployster.token' },
  { container: dolphin, file: {}, differs: 'redeployster.token' },
  { container: dolphin, file: { ...dolphin, 'redeployster.deps': 'false' }, differs: 'redeployster.deps' },
  { container: { ...dolphin, 'redeployster.deps': 'false' }, file: dolphin, differs: 'redeployster.deps' },
])('finds a label of ours that container and file do not share: $differs', ({ container, file, differs }) => {
  expect(differingLabel(container, file)).toBe(differs)
})

function isWhole(settings: ReturnType<typeof readSettings>): boolean {
  if ('problem' in settings) return settings.problem !== ''
  const { hashes, gateMs, timeoutMs = 1, withDependencies, rollback, pull } = settings
  return (
    Number.isSafeInteger(gateMs) &&
    gateMs >= 0 &&
    timeoutMs > 0 &&
    [withDependencies, rollback].every((it) => typeof it === 'boolean') &&
    pullPolicies.includes(pull) &&
    hashes.every((it) => /^[0-9a-f]{64}$/.test(it))
  )
}
