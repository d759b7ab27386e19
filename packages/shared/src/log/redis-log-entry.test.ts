import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { logSteps } from './log.ts'
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
  })
  fc.assert(property, { numRuns: 1000 })
})

it.each([
  [['d', 'x', 's', 'up', 'o', '8'], { step: 'up', offset: 8 }],
  [['d', 'x', 's', 'up', 'o', '0'], { step: 'up', offset: 0 }],
  [['d', 'x', 's', '', 'o', '0'], undefined],
  [['d', 'x', 's', 'up', 'o', 'x'], undefined],
  [['d', 'x', 's', 'up', 'o', ''], undefined],
  [['d', 'x', 's', 'up', 'o', '-1'], undefined],
  [['d', 'x', 's', 'up', 'o', '1e3'], undefined],
  [['d', 'x', 's', 'up', 'o', '9007199254740992'], undefined],
  [['d', 'x', 's', 'up'], undefined],
  [['d', 'x', 's', 'down', 'o', '8'], undefined],
])('%j reaches to %j', (fields, position) => {
  expect(toPosition(['7-0', fields])).toEqual(position)
})

it('reaches to a place in the output of a step, or nowhere, whatever stands in its fields', () => {
  const step = fc.oneof(fc.constantFrom(...logSteps), fc.string())
  const offset = fc.oneof(fc.nat().map(String), fc.double().map(String), fc.string())
  const property = fc.property(step, offset, (s, o) => {
    const position = toPosition(['7-0', ['d', 'a line', 's', s, 'o', o]])
    if (position === undefined) return
    expect(logSteps).toContain(position.step)
    expect(Number.isSafeInteger(position.offset) && position.offset >= 0).toBe(true)
  })
  fc.assert(property, { numRuns: 1000 })
})
