import { expect, it } from 'vitest'
import { wantsColours } from './colours.ts'

it.each([
  ['a terminal', {}, true, true],
  ['a pipe', {}, false, false],
  ['a dumb terminal', { TERM: 'dumb' }, true, false],
  ['a terminal of somebody who wants none', { NO_COLOR: '1' }, true, false],
  ['a terminal with an empty NO_COLOR', { NO_COLOR: '' }, true, true],
  ['a pipe of somebody who wants them', { FORCE_COLOR: '1' }, false, true],
  ['a terminal with FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, false],
])('on %s', (_, env, isTerminal, expected) => {
  expect(wantsColours(env, isTerminal)).toBe(expected)
})
