import { describe, expect, it } from 'vitest'
import type { Told } from './callers.ts'
import { brokenInvariants, type Aftermath, type Recorded, type Run } from './invariants.ts'

const lanes = { web: ['web', 'db'], api: ['api', 'db'], batch: ['batch'] }

const run: Run = {
  job: 'one',
  step: 'up',
  project: 'shop',
  service: 'web',
  version: 7,
  begunAt: 10,
  endedAt: 20,
  exitCode: 0,
  isKilled: false,
  printed: ['line 1 in up', 'line 2 in up'],
}
const job: Recorded = {
  id: 'one',
  state: 'succeeded',
  started: true,
  exitCode: 0,
  printed: ['line 1 in up', 'line 2 in up'],
  verdicts: [0],
}
const pull: Run = { ...run, step: 'pull', begunAt: 2, endedAt: 4, printed: [] }
const rollback: Run = { ...run, step: 'rollback', begunAt: 22, endedAt: 24, printed: [] }
const caller: Told = { service: 'shop/web', version: 7, status: 200, job: 'one', exitCode: 0, eventsThen: 5 }

const other = { job: 'two', service: 'api', begunAt: 15, endedAt: 25 }
const second = { ...job, id: 'two' }
const red = { ...job, state: 'failed', exitCode: 3, verdicts: [3] }
const untouched = { ...job, started: false, printed: [] }

function broken({
  told = [caller],
  jobs = [job],
  runs = [run],
  struckJobs = [],
  leftovers = [],
  deaths = [],
}: Partial<Aftermath>) {
  return brokenInvariants({ told, jobs, runs, struckJobs, leftovers, deaths, lanes })
}

describe('nothing is broken', () => {
  it.each<[string, Partial<Aftermath>]>([
    ['after a deploy as it ought to be', {}],
    ['when a caller leaves before the verdict', { told: [{ ...caller, exitCode: undefined }] }],
    [
      'by runs of disjoint lanes at once',
      { runs: [run, { ...run, ...other, service: 'batch' }], jobs: [job, second] },
    ],
    ['by a pull, and by another job in the lane meanwhile', { runs: [{ ...pull, endedAt: 12 }, run] }],
    [
      'by a pull whose end was lost, and that was repeated',
      { runs: [pull, { ...pull, step: 'pull-again' }, run], struckJobs: ['one'] },
    ],
    [
      'by a pull that fails',
      {
        runs: [{ ...pull, exitCode: 18 }],
        jobs: [{ ...untouched, state: 'failed', exitCode: 18, verdicts: [18] }],
        told: [],
      },
    ],
    ['by a deploy that is rolled back', { runs: [{ ...run, exitCode: 3 }, rollback], jobs: [red], told: [] }],
    ['by a caller who may come again', { told: [{ ...caller, status: 503, job: undefined }] }],
    [
      'by a runner that was killed',
      {
        jobs: [{ ...job, state: 'interrupted', exitCode: 125, verdicts: [125] }],
        struckJobs: ['one'],
        told: [],
      },
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
        runs: [{ ...run, isKilled: true, exitCode: 137, printed: ['line 1 in up'] }],
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
    ['a right token is not accepted', { told: [{ ...caller, status: 401 }] }, /answered 401/],
    ['a service is said to be gone', { told: [{ ...caller, status: 410 }] }, /answered 410/],
    ['an answer is a bug', { told: [{ ...caller, status: 500 }] }, /answered 500/],
    ['an accepted job has no record', { jobs: [] }, /accepted and has no verdict/],
    ['a log has two verdicts', { jobs: [{ ...job, verdicts: [0, 0] }] }, /has the verdicts 0,0/],
    [
      'a log has another verdict than the record',
      { jobs: [{ ...job, verdicts: [3] }] },
      /has the verdicts 3/,
    ],
    ['a job starts twice', { runs: [run, { ...run, begunAt: 30, endedAt: 40 }] }, /started twice/],
    ['a pull is repeated twice', { runs: [pull, pull, run] }, /pull of one was started twice/],
    ['a failed run is called green', { runs: [{ ...run, exitCode: 3 }] }, /is green/],
    ['a job is green that never ran', { runs: [] }, /is green/],
    [
      'what ran is said not to have started',
      { jobs: [{ ...job, started: false }] },
      /said not to have started/,
    ],
    [
      'what never ran is said to have started',
      { runs: [], jobs: [{ ...job, state: 'rejected', exitCode: 126, verdicts: [126] }], told: [] },
      /is said to have started/,
    ],
    [
      'a job is green whose pull failed',
      { runs: [{ ...pull, exitCode: 18 }, run] },
      /is green, and its pull was not/,
    ],
    [
      'a pull that failed has another code',
      {
        runs: [{ ...pull, exitCode: 18 }],
        jobs: [{ ...untouched, state: 'failed', exitCode: 3, verdicts: [3] }],
        told: [],
      },
      /says 3, compose 18/,
    ],
    [
      'an end is unknown without a reason',
      { jobs: [{ ...job, state: 'interrupted', exitCode: 125, verdicts: [125] }], told: [] },
      /of unknown end/,
    ],
    [
      'the exit code is not that of compose',
      { runs: [{ ...run, exitCode: 3 }], jobs: [{ ...job, state: 'failed', exitCode: 4, verdicts: [4] }] },
      /says 4, compose 3/,
    ],
    [
      'a failure is made up',
      { runs: [], jobs: [{ ...untouched, state: 'failed', exitCode: 4, verdicts: [4] }] },
      /compose never ran/,
    ],
    ['a caller is told something else', { told: [{ ...caller, exitCode: 3 }] }, /was told 3/],
    [
      'a caller gets the verdict of an older version',
      { told: [{ ...caller, version: 8 }] },
      /read version 7, a caller wanted 8/,
    ],
    [
      'a caller joins a job that has pulled already',
      { runs: [{ ...pull, version: 6 }, run] },
      /pull of one read version 6/,
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
      'another job runs before the rollback has ended',
      {
        runs: [{ ...run, exitCode: 3 }, rollback, { ...run, ...other, begunAt: 21, endedAt: 30 }],
        jobs: [red, second],
        told: [],
      },
      /together in one lane/,
    ],
    [
      'a line is missing in the log',
      { jobs: [{ ...job, printed: ['line 1 in up'] }] },
      /1 lines of up, compose printed 2/,
    ],
    [
      'lines are out of order',
      { jobs: [{ ...job, printed: ['line 2 in up', 'line 1 in up'] }] },
      /log of one/,
    ],
    ['something is left over', { leftovers: ['a folder'] }, /left over: a folder/],
    ['a part ended by itself', { deaths: ['api ended by itself with 1'] }, /api ended by itself/],
  ])('%s', (_, aftermath, sentence) => {
    expect(broken(aftermath).join('\n')).toMatch(sentence)
  })
})
