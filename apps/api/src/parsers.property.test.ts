import { RefusedError } from '@redeployster/shared/contract/errors'
import { freeze } from '@redeployster/shared/contract/freeze'
import { parseBearer, Token } from '@redeployster/shared/contract/token'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFreeze } from './read-freeze.ts'
import { firstLine, historyFilters, lineAfter, secondsToWait, wayOfAnswer } from './queries.ts'

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.nat().map(String), fc.json())

/** What a parser makes of a text, or the code of its refusal; anything else that it throws is a mistake. */
function outcomeOf<Value>(parse: () => Value): Value | string {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    return error.code
  }
}

describe('whatever stands in', () => {
  it('from, it is the number of a line or a bad request', () => {
    const property = fc.property(text, (from) => {
      const line = outcomeOf(() => firstLine(from))
      const isNumber = /^0*[1-9]\d*$/.test(from) && from.length <= 9
      expect(line).toBe(isNumber ? Number(from) : 'bad_request')
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('Last-Event-ID, it is the number of a line that was seen, nothing, or a bad request', () => {
    const property = fc.property(text, (seen) => {
      const isNumber = /^\d{1,9}$/.test(seen)
      expect(outcomeOf(() => lineAfter(seen))).toBe(
        isNumber ? Number(seen) + 1 : seen === '' ? undefined : 'bad_request',
      )
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('wait, it is seconds that a proxy endures, or a bad request', () => {
    const property = fc.property(fc.oneof(text, fc.nat(60).map(String)), (wait) => {
      const isGood = /^\d{1,9}$/.test(wait) && Number(wait) <= 45
      expect(outcomeOf(() => secondsToWait(wait))).toBe(isGood ? Number(wait) : 'bad_request')
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('the query of a deploy, it is one way of an answer or a bad request', () => {
    const value = fc.oneof(fc.constant(''), text)
    const query = fc.dictionary(
      fc.oneof(fc.constantFrom('async', 'wait', 'host', '__proto__'), fc.string()),
      value,
    )
    const property = fc.property(query, (given) => {
      const asked = ['async', 'wait'].filter((it) => Object.hasOwn(given, it))
      const [only = 'stream'] = asked
      const isGood = asked.length === 0 || (asked.length === 1 && given[only] === '')
      expect(outcomeOf(() => wayOfAnswer(given))).toBe(isGood ? only : 'bad_request')
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('the query of the history, it is filters within their limits or a bad request', () => {
    const names = fc.oneof(
      fc.constantFrom('project', 'service', 'state', 'limit', 'before', '__proto__'),
      fc.string(),
    )
    const property = fc.property(fc.dictionary(names, text), (query) => {
      const filters = outcomeOf(() => historyFilters(query))
      const limit = typeof filters === 'string' ? filters : filters.limit
      expect(limit === 'bad_request' || (Number(limit) >= 1 && Number(limit) <= 200)).toBe(true)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('Authorization, it is a token or none, and what a service can have as a token is that token', () => {
    const property = fc.property(text, (given) => {
      expect(() => parseBearer(given)?.hash).not.toThrow()
      const isToken = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(given)
      expect(!isToken || parseBearer(`bearer  ${given} `)?.hash === new Token(given).hash).toBe(true)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('the body of a freeze, it is a freeze that can be stored and shown, or a bad request', () => {
    const now = new Date('2030-01-01T00:00:00Z')
    const value = fc.oneof(
      text,
      fc.constantFrom('2h', '365d', '366d', '2030-06-01T00:00:00Z'),
      fc.jsonValue(),
    )
    const request = fc.record(
      { reason: value, by: value, for: value, until: value, other: value },
      { requiredKeys: ['reason'] },
    )
    const body = fc.oneof(
      text,
      request.map((it) => JSON.stringify(it)),
    )
    const property = fc.property(body, (given) => {
      const made = outcomeOf(() => readFreeze(given, now))
      expect(typeof made === 'string' ? made : freeze.parse(made)).toEqual(
        typeof made === 'string' ? 'bad_request' : made,
      )
    })
    fc.assert(property, { numRuns: 1000 })
  })
})
