import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const page = fs.readFileSync(path.join(root, 'docs/bad-input.md'), 'utf8')
const rows = [...page.matchAll(/^\| ((?:B\d+|–)[^|]*)\|.*\|([^|]*)\|$/gm)].map(
  ([, number = '', tests = '']) => ({
    number: number.trim(),
    tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file),
  }),
)

describe('the page on bad input', () => {
  it('has rows', () => expect(rows.length).toBeGreaterThan(50))

  it.each(rows)('names tests that are there: $number', ({ tests }) => {
    const missing = tests.filter(
      (file) => !fs.existsSync(path.join(root, file.includes('/') ? file : `apps/api/src/${file}`)),
    )
    expect({ isTested: tests.length > 0, missing }).toEqual({ isTested: true, missing: [] })
  })
})
