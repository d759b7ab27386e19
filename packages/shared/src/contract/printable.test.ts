import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable, shownLine } from './printable.ts'

describe('a line that is shown', () => {
  it.each([
    ['plain text', 'naïve 🐬 100 %', 'naïve 🐬 100 %'],
    ['a tab', 'a\tb', 'a\tb'],
    ['colours', '\u001b[1;31mError:\u001b[0m no', 'Error: no'],
    ['a moved cursor', 'a\u001b[2K\u001b[1Gb', 'ab'],
    ['a terminal title', '\u001b]0;pwned\u0007x', '\\u001b]0;pwned\\u0007x'],
    ['half a sequence', 'x\u001b[31', 'x\\u001b[31'],
    ['a control sequence of eight bits', '\u009b2Jx', '\\u009b2Jx'],
    ['nothing', '\u0000\u0008\u007f', '\\u0000\\u0008\\u007f'],
    ['other ends of lines', 'a\rb\u000bc\u0085d\u2028e\u2029', 'a\\u000db\\u000bc\\u0085d\\u2028e\\u2029'],
    ['text turned around', '\u202Etxt.exe\u2066', '\\u202etxt.exe\\u2066'],
    ['a notice', 'redeployster: gate passed', 'redeployster: gate passed'],
    ['a notice of something strange', 'redeployster: no image a\u001b[0mb', 'redeployster: no image ab'],
    [
      'forgery behind a colour',
      '\u001b[0mredeployster: job 1 exit-code: 0',
      ' redeployster: job 1 exit-code: 0',
    ],
    ['forgery in pieces', 'redep\u001b[0mloyster: x', ' redeployster: x'],
  ])('shows %s', (_, line, shown) => {
    expect(shownLine(line)).toBe(shown)
  })

  const characters = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\u001b',
      '[',
      '0',
      'm',
      'redeployster:',
      'redep',
      'loyster:',
      '\u009b',
      '\r',
      '\n',
      '\u202e',
      ' ',
    ),
  )
  const sequence = fc.constantFrom('', '\u001b[m', '\u001b[0;1m', '\u001b[2K', '\u001b')
  const start = fc.tuple(sequence, sequence).map(([before, within]) => `${before}redep${within}loyster: x`)
  const lines = fc
    .tuple(fc.oneof(start, fc.constant('')), fc.array(characters, { maxLength: 12 }))
    .map(([first, rest]) => first + rest.join(''))

  it('has no character that does anything, and is one line', () => {
    fc.assert(
      fc.property(lines, (line) => {
        expect(shownLine(line)).not.toMatch(/(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
      }),
      { numRuns: 2000 },
    )
  })

  it('is ours only if it was before', () => {
    fc.assert(
      fc.property(lines, (line) => {
        expect(shownLine(line).startsWith('redeployster:')).toBe(line.startsWith('redeployster:'))
      }),
      { numRuns: 2000 },
    )
  })

  it('stays as it is when it is shown again', () => {
    fc.assert(
      fc.property(lines, (line) => {
        expect(shownLine(shownLine(line))).toBe(shownLine(line))
      }),
      { numRuns: 2000 },
    )
  })
})

it('is printable without losing anything', () => {
  expect(printable('\u001b[31mred')).toBe('\\u001b[31mred')
})
