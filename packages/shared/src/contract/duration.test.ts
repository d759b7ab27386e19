import { expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

it.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

it.each(['', '0s', '15', 'm', '1.5h', '-1s', '15 m', '1w', '99999999s'])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

it.each([
  [500, '500ms'],
  [90_000, '90s'],
  [60_000, '1m'],
  [900_000, '15m'],
  [86_400_000, '1d'],
  [0, '0ms'],
])('%i ms is written as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})
