import { expect, it } from 'vitest'
import { withoutValues } from './without-values.ts'

it.each([
  [
    'broken interpolation',
    'level=warning msg="x"\ninvalid interpolation format for services.a.environment.DB.\nYou may need to escape any $ with another $.\ns3cr3t$pa${ss\nmore',
    'level=warning msg="x"\ninvalid interpolation format for services.a.environment.DB. You may need to escape any $ with another $. The value is not shown: ***',
  ],
  [
    'a broken .env',
    'failed to read /p/.env: Invalid template: "multi $x ${y"',
    'failed to read /p/.env: Invalid template: ***',
  ],
  [
    'anything else',
    'yaml: line 5: found unexpected end of stream\n',
    'yaml: line 5: found unexpected end of stream\n',
  ],
])('of %s compose quotes no value', (_, stderr, shown) => {
  expect(withoutValues(stderr)).toBe(shown)
})
