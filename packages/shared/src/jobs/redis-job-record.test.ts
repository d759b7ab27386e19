import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { jobRecord } from '../contract/job.ts'
import { UnreadableError } from '../redis/unreadable.ts'
import { requestOf } from '../testing/requests.ts'
import { toFields, toRecord } from './redis-job-record.ts'

const whole = Object.fromEntries(pairs(toFields(requestOf('shop/hello'))))

it('is a record, or cannot be read, whatever stands in its fields', () => {
  const names = fc.constantFrom(...Object.keys(jobRecord.shape), 'exitCode', 'logBytes', '__proto__')
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('0', '-1', '1e400', 'succeeded', '2030-01-01T00:00:00Z'),
  )
  const property = fc.property(fc.dictionary(names, value), (spoilt) => {
    const record = recordOf({ ...whole, ...spoilt })
    expect(record === 'unreadable' || jobRecord.safeParse(record).success).toBe(true)
  })
  fc.assert(property, { numRuns: 1000 })
})

it('keeps who asked for the job', () => {
  const by = { issuer: 'https://ci.example.com', repository: 'acme/shop', ref: 'main', run: '1' }
  const told = Object.fromEntries(pairs(toFields(requestOf('shop/hello', { by }))))
  expect(toRecord(told)).toMatchObject({ by, state: 'queued' })
  expect(toRecord({ ...told, by: '{' })).toMatchObject({ by: undefined, state: 'queued' })
})

function recordOf(hash: Record<string, string>) {
  try {
    return toRecord(hash)
  } catch (error) {
    if (error instanceof UnreadableError) return 'unreadable'
    throw error
  }
}

function pairs(words: readonly string[]) {
  return words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? ''] as const] : []))
}
