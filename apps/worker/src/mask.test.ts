import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMask } from './mask.ts'

describe('a masked line', () => {
  it.each([
    ['one secret', 'password s3cr3t!', ['s3cr3t'], 'password ***!'],
    ['a secret that comes twice', 's3cr3t s3cr3t', ['s3cr3t'], '*** ***'],
    ['secrets side by side', 's3cr3tdolphin', ['s3cr3t', 'dolphin'], '******'],
    ['secrets that overlap', 'abcdefghi', ['abcdef', 'defghi'], '***'],
    ['a secret within another', 'x abcdefghi x', ['cdefgh', 'abcdefghi'], 'x *** x'],
    ['a secret that overlaps itself', 'aaaaaaaa', ['aaaaaa'], '***'],
    ['characters that mean something elsewhere', 'a.*+($1)b', ['.*+($1)'], 'a***b'],
    ['no secret', 'Container started', ['s3cr3t'], 'Container started'],
    ['nothing to hide', 'Container started', [], 'Container started'],
  ])('hides %s', (_, line, secrets, shown) => {
    expect(createMask(secrets)(line)).toBe(shown)
  })

  const secrets = fc.array(
    fc.string({ unit: fc.constantFrom('a', 'b', '*', 'é'), minLength: 4, maxLength: 8 }),
    {
      maxLength: 5,
    },
  )
  const piece = fc.string({ unit: fc.constantFrom('a', 'b', '*', 'é', ' ') })

  it('contains no secret, wherever they stand', () => {
    fc.assert(
      fc.property(secrets, fc.array(piece), fc.nat(), (hidden, pieces, at) => {
        const line = pieces.map((it, index) => it + (hidden[(at + index) % hidden.length] ?? '')).join('')
        const shown = createMask(hidden)(line)
        expect(hidden.filter((it) => shown.includes(it))).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  it('is the line itself when that has no secret', () => {
    fc.assert(
      fc.property(secrets, fc.string({ unit: fc.constantFrom('c', 'd', ' ') }), (hidden, line) => {
        expect(createMask(hidden)(line)).toBe(line)
      }),
    )
  })
})
