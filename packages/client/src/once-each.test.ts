import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { onceEach } from './once-each.ts'

const line = (number: number | undefined) => ({ kind: 'line' as const, number, text: `line ${number}` })
const numbers = (lines: readonly { number: number | undefined }[]) => lines.map(({ number }) => number)

it('lets what came before pass only once, and goes on behind it', () => {
  const once = onceEach()
  expect(numbers(once.fresh([line(1), line(2)]))).toEqual([1, 2])
  expect(numbers(once.fresh([line(1), line(2), line(3)]))).toEqual([3])
  expect(once.seen()).toBe(3)
})

it('goes on behind lines that are not kept any more', () => {
  const once = onceEach()
  expect(numbers(once.fresh([line(1), line(900), line(901)]))).toEqual([1, 900, 901])
})

it('lets a line without a number pass', () => {
  const once = onceEach()
  once.fresh([line(5)])
  expect(numbers(once.fresh([line(undefined)]))).toEqual([undefined])
  expect(once.seen()).toBe(5)
})

it('lets every line through once and in order, however often connections begin anew', () => {
  const starts = fc.array(fc.record({ back: fc.nat(20), forth: fc.nat(20) }), { maxLength: 20 })
  fc.assert(
    fc.property(starts, (legs) => {
      const once = onceEach()
      const shown = legs.flatMap(({ back, forth }) => {
        const first = Math.max(1, once.seen() + 1 - back)
        const length = once.seen() + forth - first + 1
        return numbers(
          once.fresh(Array.from({ length: Math.max(0, length) }, (_, index) => line(first + index))),
        )
      })
      expect(shown).toEqual(shown.map((_, index) => index + 1))
    }),
  )
})
