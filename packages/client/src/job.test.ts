import { describe, expect, it } from 'vitest'
import { endingOf, readEnding, readJob } from './job.ts'
import { ending, id, job } from './testing/jobs.ts'

describe('a job', () => {
  it('is read as the API shows it, also with what is not known yet', () => {
    const shown = { ...job({ exitCode: 0, state: 'succeeded' }), planet: 'Earth' }
    expect(readJob(shown)).toEqual(shown)
  })

  it.each([
    ['nothing', undefined],
    ['a text', 'job'],
    ['a list', []],
    ['an id that would be another path', { ...job(), id: '../services' }],
    ['no state', { ...job(), state: undefined }],
    ['an exit code that is none', { ...job(), exitCode: 256 }],
    ['an exit code that is a text', { ...job(), exitCode: '0' }],
    ['a failure with exit code 0', { ...job({ state: 'failed' }), exitCode: 0 }],
    ['a success with another', { ...job({ state: 'succeeded' }), exitCode: 3 }],
  ])('is not read from %s', (_, value) => {
    expect(readJob(value)).toBeUndefined()
  })

  it('has an ending once it has an exit code', () => {
    expect(endingOf(job())).toBeUndefined()
    const failed = job({ state: 'failed', exitCode: 3, started: true, reason: 'compose failed' })
    expect(endingOf(failed)).toEqual(ending(3, { reason: 'compose failed' }))
  })
})

it.each([
  undefined,
  null,
  7,
  {},
  { id, state: 'succeeded' },
  { id, state: 'succeeded', exitCode: -1 },
  { id, state: 'succeeded', exitCode: 3 },
  { id, state: 'failed', exitCode: 0 },
])('reads no verdict from %j', (value) => {
  expect(readEnding(value)).toBeUndefined()
})
