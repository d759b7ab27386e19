import { expect, it } from 'vitest'
import { deployPath } from './deploy-path.ts'

it.each([
  ['hello', undefined, '/hello?async'],
  ['shop/hello', undefined, '/shop/hello?async'],
  ['hello', 'alpha & beta', '/hello?async&host=alpha%20%26%20beta'],
  ['--help', undefined, '/--help?async'],
])('asks for %s on host %s at %s', (name, host, expected) => {
  expect(deployPath(name, host)).toBe(expected)
})

it.each(['', '..', 'shop/..', 'a/b/c', '/hello', 'hello?wait', 'häuser', 'x'.repeat(129)])(
  'refuses %j, which would be another path',
  (name) => {
    expect(() => deployPath(name, undefined)).toThrow('is no service')
  },
)
