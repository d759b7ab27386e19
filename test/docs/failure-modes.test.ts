import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8')
const page = read('docs/failure-modes.md')
const lastNumber = 55

const rows = [...page.matchAll(/^\| ([^|]+) \|.*\|([^|]+)\|$/gm)]
  .map(([, fault = '', tests = '']) => ({
    fault: fault.trim(),
    numbers: numbersIn(fault),
    tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file),
  }))
  .filter(({ tests }) => tests.some((file) => file.includes('/')))

/** `F16, F17` and `F27–F31`. */
function numbersIn(text: string): readonly number[] {
  return [...text.matchAll(/\bF(\d+)(?:–F(\d+))?/g)].flatMap(([, first, last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index),
  )
}

/** Those of the faults that the titles of a test name. */
function titled(file: string): readonly number[] {
  return [...read(file).matchAll(/['"`](F\d+\b)/g)].flatMap(([, number = '']) => numbersIn(number))
}

describe('the page on what fails', () => {
  it('has a row for every number', () => {
    const claimed = new Set(rows.flatMap(({ numbers }) => numbers))
    const all = Array.from({ length: lastNumber }, (_, index) => index + 1)
    expect(all.filter((number) => !claimed.has(number))).toEqual([])
    expect([...claimed].filter((number) => !all.includes(number))).toEqual([])
  })

  it.each(rows)('names tests that are there: $fault', ({ tests }) => {
    expect(tests.filter((file) => !fs.existsSync(path.join(root, file)))).toEqual([])
  })

  it.each(rows.filter(({ tests }) => tests.some((file) => file.startsWith('test/faults/'))))(
    'has the numbers that the titles have: $fault',
    ({ numbers, tests }) => {
      const found = tests.flatMap((file) => (file.endsWith('.test.ts') ? titled(file) : []))
      expect(numbers.filter((number) => !found.includes(number))).toEqual([])
    },
  )

  it.each(fs.readdirSync(path.join(root, 'test/faults')).map((name) => `test/faults/${name}`))(
    'has every fault of %s',
    (file) => {
      const claimed = rows.filter(({ tests }) => tests.includes(file))
      expect(claimed).not.toEqual([])
      const numbers = claimed.flatMap((row) => row.numbers)
      expect(titled(file).filter((number) => !numbers.includes(number))).toEqual([])
    },
  )

  it.each([
    ['503 after 2 s', 'packages/shared/src/redis/connect.ts', 'commandTimeout: 2000'],
    ['a line every 15 s', 'apps/api/src/follow-log.ts', 'silenceMs = 15_000'],
    ['126 after 10 s', 'apps/worker/src/catalogue/docker.ts', 'callTakesAtMostMs = 10_000'],
    ['a pause of up to 60 s', 'apps/worker/src/gate/watch-gate.ts', 'patienceMs = 60_000'],
    ['503 for up to 5 s after a day forward', 'apps/worker/src/heartbeat.ts', 'everyMs = 5000'],
    ['every 5 s, which is old after 20 s', 'apps/api/src/heartbeat.ts', 'workerIsAwayAfterMs = 20_000'],
    ['`test/chaos` does that for 60 s', 'test/chaos/chaos.test.ts', 'CHAOS_SECONDS ?? 60'],
  ])('says %s as the program has it', (figure, file, constant) => {
    expect(page.replaceAll(/\s+/g, ' ')).toContain(figure)
    expect(read(file)).toContain(constant)
  })

  it('has no other figure of time', () => {
    const times = page.match(/\b\d+ (ms|s|min|minutes|hours|h)\b/g) ?? []
    expect(times.sort()).toEqual(['10 s', '15 s', '2 s', '20 s', '5 s', '5 s', '60 s', '60 s'])
  })
})
