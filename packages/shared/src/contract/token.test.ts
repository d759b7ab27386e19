import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { newJobId, type JobRequest } from './job.ts'
import { hostId, projectName, serviceName } from './service.ts'
import { isProven, isSame, parseBearer, proofOf, Token, tokenDigest } from './token.ts'

const token = new Token('dolphin')

describe('a token', () => {
  it.each([
    ['in a text', String(token)],
    ['as JSON', JSON.stringify({ token })],
    ['on the console', inspect({ token }, { depth: 9, showHidden: true })],
    ['as a list of its properties', JSON.stringify(Object.entries(token))],
  ])('is never shown %s', (_, shown) => {
    expect(shown).not.toContain('dolphin')
  })

  it('has the hash that sha256sum prints, so that a label can hold it', () => {
    expect(token.hash).toBe(createHash('sha256').update('dolphin').digest('hex'))
  })

  it.each([
    ['e30.e30.c2ln', true],
    ['e30.e30.', true],
    ['dolphin', false],
    ['a.b', false],
    ['a.b.c d', false],
    ['a.b.c.d', false],
  ])('is a text only if it looks like an identity token: %s', (text, isIt) => {
    expect(new Token(text).jwt).toBe(isIt ? text : undefined)
  })

  it('has another digest with another secret', () => {
    expect(tokenDigest('one secret', token.hash)).not.toBe(tokenDigest('another', token.hash))
    expect(tokenDigest('one secret', token.hash)).toBe(tokenDigest('one secret', new Token('dolphin').hash))
  })
})

describe('the Authorization header', () => {
  it.each([
    ['Bearer dolphin', 'dolphin'],
    ['bearer dolphin', 'dolphin'],
    ['BEARER   dolphin  ', 'dolphin'],
    ['Bearer two words', 'two words'],
    ['Bearer d', 'd'],
    ['Bearer =+/~._-', '=+/~._-'],
  ])('%j has a token', (header, secret) => {
    expect(parseBearer(header)?.hash).toBe(new Token(secret).hash)
  })

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer   ',
    'Basic dolphin',
    'dolphin',
    'Bearerdolphin',
    ' Bearer x',
  ])('%j has none', (header) => {
    expect(parseBearer(header)).toBeUndefined()
  })
})

describe('the proof of a job', () => {
  const asked = request({})
  const proven = { ...asked, proof: proofOf(token.hash, asked) }

  it('holds for the token that asked, also while it is replaced', () => {
    expect(isProven(proven, [token.hash])).toBe(true)
    expect(isProven(proven, [new Token('next').hash, token.hash])).toBe(true)
  })

  it.each<[string, Partial<JobRequest>]>([
    ['job', { id: newJobId() }],
    ['host', { host: hostId.parse('other') }],
    ['project', { project: projectName.parse('other') }],
    ['service', { service: serviceName.parse('other') }],
    ['time', { startBy: '2027-01-01T00:00:00.000Z' }],
    ['proof', { proof: '' }],
    ['proof by another token', { proof: proofOf(new Token('other').hash, asked) }],
  ])('does not hold for another %s', (_, other) => {
    expect(isProven({ ...proven, ...other }, [token.hash])).toBe(false)
  })

  it('does not hold when the service has no token', () => {
    expect(isProven(proven, [])).toBe(false)
  })
})

it.each([
  ['a', 'a', true],
  ['a', 'b', false],
  ['a', 'aa', false],
  ['', '', true],
  ['é', 'e', false],
])('compares %j and %j: %s', (a, b, expected) => {
  expect(isSame(a, b)).toBe(expected)
})

function request(more: Partial<JobRequest>): JobRequest {
  return {
    id: newJobId(),
    host: hostId.parse('host'),
    project: projectName.parse('shop'),
    service: serviceName.parse('hello'),
    acceptedAt: '2026-01-01T00:00:00.000Z',
    startBy: '2026-01-01T00:10:00.000Z',
    tokenDigest: 'digest',
    proof: '',
    ...more,
  }
}
