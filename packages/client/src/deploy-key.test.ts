import { expect, it } from 'vitest'
import { deployKey } from './deploy-key.ts'

it('is another one for each deploy, unless somebody gives one', () => {
  expect(deployKey('pipeline-4711')).toBe('pipeline-4711')
  expect(deployKey(undefined)).not.toBe(deployKey(undefined))
})

it.each(['', 'one two', 'line\nfeed', 'häuser', '№ 7', 'x'.repeat(256)])('is not %j', (key) => {
  expect(() => deployKey(key)).toThrow(/^--key: expected/)
})
