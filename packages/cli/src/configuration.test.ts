import fs from 'node:fs'
import { expect, it } from 'vitest'
import { configurationTable } from './configuration.ts'
import { replaceSection } from './readme-section.ts'

it('is what the README says (else: npm run readme:configuration)', () => {
  const readme = fs.readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
  expect(readme).toBe(replaceSection(readme, 'configuration', configurationTable()))
})

it('replaces only what stands between the marks, again and again', () => {
  const text = 'before\n\n<!-- x -->\nold\n<!-- /x -->\n\nafter\n'
  const once = replaceSection(text, 'x', 'new')
  expect(once).toBe('before\n\n<!-- x -->\n\nnew\n\n<!-- /x -->\n\nafter\n')
  expect(replaceSection(once, 'x', 'new')).toBe(once)
})

it('finds a README without the marks wrong', () => {
  expect(() => replaceSection('<!-- /x --><!-- x -->', 'x', 'new')).toThrow('Cannot find')
})
