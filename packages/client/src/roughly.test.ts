import { expect, it } from 'vitest'
import { roughly } from './roughly.ts'

const minute = 60_000

it.each([
  [-5, '0 s'],
  [999, '0 s'],
  [1000, '1 s'],
  [2 * minute - 1, '119 s'],
  [2 * minute, '2 min'],
  [119.9 * minute, '119 min'],
  [120 * minute, '2 h'],
  [48 * 60 * minute - 1, '47 h'],
  [48 * 60 * minute, '2 d'],
  [365 * 24 * 60 * minute, '365 d'],
])('says of %i ms: %s', (ms, expected) => {
  expect(roughly(ms)).toBe(expected)
})
