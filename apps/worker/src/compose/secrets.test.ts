import { describe, expect, it } from 'vitest'
import { secretsOf } from './secrets.ts'

const of = (environment: unknown, more: object = {}) =>
  secretsOf({ name: 'shop', services: { hello: { image: 'example/hello:1', environment, ...more } } })

describe('what must not be read in a log', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['values of variables', of({ A: 'hunter2', B: 'dolphin' }), ['hunter2', 'dolphin']],
    ['arguments of a build', of(null, { build: { args: { NPM: 'npm-secret' } } }), ['npm-secret']],
    [
      'the token',
      of(undefined, { labels: { 'redeployster.token': 'dolphin', other: 'no secret' } }),
      ['dolphin'],
    ],
    ['each line of a key', of({ KEY: '-- BEGIN --\nMIIEabc\n' }), ['-- BEGIN --', 'MIIEabc']],
    [
      'an address and the password in it',
      of({ URL: 'postgres://joe:p%40ssword@db/x' }),
      ['postgres://joe:p%40ssword@db/x', 'p%40ssword', 'p@ssword'],
    ],
    ['a value as others may write it', of({ A: 'a"b$$cdef' }), ['a"b$cdef', 'a"b$$cdef', 'a\\"b$cdef']],
  ])('is %s', (_, found, expected) => {
    expect(found).toEqual(expected)
  })

  it.each<[string, readonly string[]]>([
    ['short', of({ A: 'short', B: '8080', C: '' })],
    ['a common word', of({ A: 'production', B: 'Localhost', C: '127.0.0.1' })],
    ['not set', of({ A: null })],
    ['part of a name that compose prints', of({ HOST: 'example/hello', DB: 'hello:1' })],
  ])('is nothing that is %s', (_, found) => {
    expect(found).toEqual([])
  })

  it('belongs to all services of the lane', () => {
    const db = { environment: { POSTGRES_PASSWORD: 'elephant' } }
    expect(secretsOf({ services: { hello: {}, db } })).toEqual(['elephant'])
  })
})
