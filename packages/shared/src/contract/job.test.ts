import { describe, expect, it } from 'vitest'
import { finalStates, isFinal, jobId, jobState, newJobId, verdict } from './job.ts'

describe('the id of a job', () => {
  it('sorts behind those made before', () => {
    const ids = Array.from({ length: 1000 }, newJobId)
    expect([...ids].sort()).toEqual(ids)
  })

  it.each([
    '',
    '1',
    'no-id',
    '../x',
    '019ab000-0000-7000-8000-00000000000',
    '019ab000-0000-7000-8000-000000000000\n',
  ])('is not %j', (text) => {
    expect(jobId.safeParse(text).success).toBe(false)
  })
})

describe('a job', () => {
  it('is final once it has an exit code, and only a final state comes with one', () => {
    expect(isFinal({ exitCode: 0 })).toBe(true)
    expect(isFinal({ exitCode: undefined })).toBe(false)
    expect(jobState.options.filter((state) => !(finalStates as readonly string[]).includes(state))).toEqual([
      'queued',
      'running',
    ])
  })

  it.each([-1, 256, 1.5, NaN])('cannot have the exit code %d', (exitCode) => {
    expect(verdict.safeParse({ state: 'failed', exitCode, started: true }).success).toBe(false)
  })
})
