import fs from 'node:fs'
import { expect, it } from 'vitest'
import { configurationTables } from './configuration.ts'
import { replaceSection } from './readme-section.ts'

it.each(configurationTables)('is what %s says (else: npm run readme:configuration)', (page, content) => {
  const text = fs.readFileSync(new URL(`../../../${page}`, import.meta.url), 'utf8')
  expect(text).toBe(replaceSection(text, 'configuration', content))
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
