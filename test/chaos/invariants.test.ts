import { describe, expect, it } from 'vitest'
import type { Told } from './callers.ts'
import { brokenInvariants, type Aftermath, type Recorded, type Run } from './invariants.ts'

const lanes = { web: ['web', 'db'], api: ['api', 'db'], batch: ['batch'] }

const run: Run = {
  job: 'one',
  project: 'shop',
  service: 'web',
  version: 7,
  begunAt: 10,
  endedAt: 20,
  exitCode: 0,
  isKilled: false,
  printed: ['line 1', 'line 2'],
}
const job: Recorded = {
  id: 'one',
  state: 'succeeded',
  started: true,
  exitCode: 0,
  printed: ['line 1', 'line 2'],
  verdicts: [0],
}
const caller: Told = { service: 'shop/web', version: 7, status: 200, job: 'one', exitCode: 0, eventsThen: 5 }

const other = { job: 'two', service: 'api', begunAt: 15, endedAt: 25 }
const second = { ...job, id: 'two' }

function broken({
  told = [caller],
  jobs = [job],
  runs = [run],
  leftovers = [],
  deaths = [],
}: Partial<Aftermath>) {
  return brokenInvariants({ told, jobs, runs, leftovers, deaths, lanes })
}

describe('nothing is broken', () => {
  it.each<[string, Partial<Aftermath>]>([
    ['after a deploy as it ought to be', {}],
    ['when a caller leaves before the verdict', { told: [{ ...caller, exitCode: undefined }] }],
    [
      'by runs of disjoint lanes at once',
      { runs: [run, { ...run, ...other, service: 'batch' }], jobs: [job, second] },
    ],
    [
      'by runs of two projects at once',
      { runs: [run, { ...run, ...other, project: 'blog' }], jobs: [job, second] },
    ],
    [
      'by a job that never started',
      {
        runs: [],
        jobs: [{ ...job, state: 'expired', started: false, exitCode: 125, verdicts: [125], printed: [] }],
        told: [],
      },
    ],
    [
      'by a compose that was killed one line before its log',
      {
        runs: [{ ...run, isKilled: true, exitCode: 137, printed: ['line 1'] }],
        jobs: [{ ...job, state: 'failed', exitCode: 137, verdicts: [137] }],
        told: [],
      },
    ],
  ])('%s', (_, aftermath) => {
    expect(broken(aftermath)).toEqual([])
  })
})

describe('it is found when', () => {
  it.each<[string, Partial<Aftermath>, RegExp]>([
    ['an accepted job has no record', { jobs: [] }, /accepted and has no verdict/],
    ['a log has two verdicts', { jobs: [{ ...job, verdicts: [0, 0] }] }, /has the verdicts 0,0/],
    [
      'a log has another verdict than the record',
      { jobs: [{ ...job, verdicts: [3] }] },
      /has the verdicts 3/,
    ],
    ['a job starts twice', { runs: [run, { ...run, begunAt: 30, endedAt: 40 }] }, /started twice/],
    ['a failed run is called green', { runs: [{ ...run, exitCode: 3 }] }, /is green/],
    ['a job is green that never ran', { runs: [] }, /is green/],
    [
      'what ran is said not to have started',
      { jobs: [{ ...job, started: false }] },
      /said not to have started/,
    ],
    [
      'the exit code is not that of compose',
      { runs: [{ ...run, exitCode: 3 }], jobs: [{ ...job, state: 'failed', exitCode: 4, verdicts: [4] }] },
      /says 4, compose 3/,
    ],
    [
      'a failure is made up',
      { runs: [], jobs: [{ ...job, state: 'failed', exitCode: 4, verdicts: [4] }] },
      /compose never ran/,
    ],
    ['a caller is told something else', { told: [{ ...caller, exitCode: 3 }] }, /was told 3/],
    [
      'a caller gets the verdict of an older version',
      { told: [{ ...caller, version: 8 }] },
      /read version 7, a caller wanted 8/,
    ],
    [
      'a deploy begins after its caller was told 503',
      { told: [{ ...caller, status: 503, exitCode: undefined }] },
      /told 503/,
    ],
    [
      'two runs share a lane',
      { runs: [run, { ...run, ...other }], jobs: [job, second] },
      /together in one lane/,
    ],
    [
      'a line is missing in the log',
      { jobs: [{ ...job, printed: ['line 1'] }] },
      /1 lines, compose printed 2/,
    ],
    ['lines are out of order', { jobs: [{ ...job, printed: ['line 2', 'line 1'] }] }, /log of one/],
    ['something is left over', { leftovers: ['a folder'] }, /left over: a folder/],
    ['a part ended by itself', { deaths: ['api ended by itself with 1'] }, /api ended by itself/],
  ])('%s', (_, aftermath, sentence) => {
    expect(broken(aftermath).join('\n')).toMatch(sentence)
  })
})
