import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unsetVariables, usedVariables } from './variables.ts'

const warning = (name: string) => `The "${name}" variable is not set. Defaulting to a blank string.`

describe('the unset variables', () => {
  it.each([
    {
      printed: 'for a log',
      text: `time="2024-05-01T10:00:00Z" level=warning msg=${JSON.stringify(warning('TAG'))}`,
    },
    { printed: 'on a terminal', text: `WARN[0000] ${warning('TAG')} ` },
  ])('are those that compose warns of, printed $printed', ({ text }) => {
    expect([...unsetVariables(`${text}\n${text}\nno such file`)]).toEqual(['TAG'])
  })

  it('are all of them, each once', () => {
    const text = ['A', '_b1', 'A'].map(warning).join('\n')
    expect([...unsetVariables(text)]).toEqual(['A', '_b1'])
  })

  it.each(['', 'no such file or directory', 'The "A B" variable is not set.', 'The "TAG" variable is set.'])(
    'are none in %j',
    (text) => {
      expect(unsetVariables(text).size).toBe(0)
    },
  )
})

describe('the variables that a value uses without a default', () => {
  it.each([
    { value: 'hello:$TAG', uses: ['TAG'] },
    { value: 'hello:${TAG}', uses: ['TAG'] },
    { value: '$A$B-${C}${D}', uses: ['A', 'B', 'C', 'D'] },
    { value: '$A.b', uses: ['A'] },
    { value: 'plain', uses: [] },
    { value: '$$TAG $${TAG}', uses: [] },
    { value: '$$$TAG', uses: ['TAG'] },
    { value: '${TAG:-1} ${TAG-1} ${TAG:+1} ${TAG:?no} ${TAG?no}', uses: [] },
    { value: '${TAG:-}', uses: [] },
    { value: '${A:-${B}} ${A:-$C}', uses: ['B', 'C'] },
    { value: '${A:-${B:-${C}}}', uses: ['C'] },
    { value: '$ 5 $1 ${} ${1} ${', uses: [] },
    { value: { image: '$A', environment: ['B=$B', { deep: '$C' }] }, uses: ['A', 'B', 'C'] },
    { value: { $KEY: 1 }, uses: [] },
    { value: [undefined, null, true, 1], uses: [] },
  ])('of $value are $uses', ({ value, uses }) => {
    expect([...usedVariables(value)]).toEqual(uses)
  })

  it('are names, each once, whatever somebody wrote', () => {
    const text = fc.string({ unit: fc.constantFrom('$', '{', '}', ':', '-', 'A', 'b', '_', '1', '\n', 'é') })
    fc.assert(
      fc.property(fc.oneof(text, fc.array(text), fc.dictionary(text, text), fc.anything()), (value) => {
        for (const name of usedVariables(value)) expect(name).toMatch(/^[A-Za-z_]\w*$/)
      }),
    )
  })

  it('include each one that is written, between any other text', () => {
    const name = fc.stringMatching(/^[A-Z_]{1,8}$/)
    const other = fc.constantFrom('', ' ', 'x.', '$$', '${D:-1}', '}', '{')
    fc.assert(
      fc.property(other, name, other, (before, used, after) => {
        expect([...usedVariables(`${before}\${${used}}${after}`)]).toEqual([used])
      }),
    )
  })
})

it('finds no variable in any other output', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(unsetVariables(text).size).toBe(0)
    }),
  )
})
