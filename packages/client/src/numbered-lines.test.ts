import { expect, it } from 'vitest'
import { numberedLines } from './numbered-lines.ts'

it('gives each line of a text its number', () => {
  expect(numberedLines('a\n\nb\n', 1)).toEqual([
    { number: 1, text: 'a' },
    { number: 2, text: '' },
    { number: 3, text: 'b' },
  ])
  expect(numberedLines('c\n', 4)).toEqual([{ number: 4, text: 'c' }])
  expect(numberedLines('', 1)).toEqual([])
})

it('counts those that are not kept', () => {
  const text = 'a\nredeployster: lines 2–9 not kept\nb\n'
  expect(numberedLines(text, 1).map(({ number }) => number)).toEqual([1, 9, 10])
})

it('is not led astray by what a deploy prints', () => {
  const text = ' redeployster: lines 1–9 not kept\nb\n'
  expect(numberedLines(text, 1).map(({ number }) => number)).toEqual([1, 2])
})
