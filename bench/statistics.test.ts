import { describe, expect, it } from 'vitest'
import { median, medianRatio, quantile } from './statistics.ts'

describe('statistics of samples', () => {
  it.each([
    [[3, 1, 2], 2],
    [[1, 2, 3, 10], 2.5],
    [[7], 7],
  ])('the median of %j is %d', (samples, expected) => {
    expect(median(samples)).toBe(expected)
  })

  it.each([
    [0, 1],
    [1, 101],
    [0.99, 100],
    [0.5, 51],
  ])('the quantile %d of 1…101 is %d', (share, expected) => {
    const samples = Array.from({ length: 101 }, (_, index) => index + 1)
    expect(quantile(samples, share)).toBeCloseTo(expected, 6)
  })

  it('a ratio is that of the pairs, not of the medians', () => {
    expect(medianRatio([1, 20, 3], [2, 10, 6])).toBe(0.5)
  })

  it('no samples are no figure', () => {
    expect(() => median([])).toThrow('No samples')
  })
})
