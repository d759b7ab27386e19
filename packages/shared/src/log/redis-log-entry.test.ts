import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { toEvent, toPosition } from './redis-log-entry.ts'

const succeeded = { state: 'succeeded', exitCode: 0, started: true } as const

it.each([
  [['v', JSON.stringify(succeeded)], { kind: 'verdict', verdict: succeeded }],
  [['d', 'one\ntwo', 's', 'up', 'o', '8'], { kind: 'lines', first: 7, lines: ['one', 'two'] }],
  [['v', '{'], undefined],
  [['v', '{"state": "succeeded", "exitCode": 0}'], undefined],
  [['x', 'd'], undefined],
  [[], undefined],
])('%j is %j', (fields, event) => {
  expect(toEvent(['7-0', fields])).toEqual(event)
})

it('is lines, a verdict or nothing, whatever stands in its fields', () => {
  const field = fc.oneof(fc.constantFrom('d', 'v', 's', 'o'), fc.string(), fc.json())
  const property = fc.property(fc.nat(), fc.array(field), (id, fields) => {
    expect(['lines', 'verdict', undefined]).toContain(toEvent([`${id}-0`, fields])?.kind)
    toPosition([`${id}-0`, fields])
  })
  fc.assert(property, { numRuns: 1000 })
})
