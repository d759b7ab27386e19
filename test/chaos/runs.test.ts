import { expect, it } from 'vitest'
import { tracesOf } from './runs.ts'

const traces = (...events: readonly string[]) =>
  tracesOf({ events: () => events, compose: { folder: '/nowhere' } })

const begin = 'begin one up shop web 7'
const kill = 'killed one up'

it('has the exit code of a run, and where it began and ended', () => {
  expect(traces('begin two up blog web 7', begin, 'end one up 3').runs[1]).toMatchObject({
    job: 'one',
    step: 'up',
    version: 7,
    begunAt: 1,
    endedAt: 2,
    exitCode: 3,
    isKilled: false,
  })
})

it.each([
  ['after it has begun', [begin, kill]],
  ['before a child of it writes that it has begun', [kill, begin]],
])('knows a run whose compose was killed %s', (_, events) => {
  expect(traces(...events)).toMatchObject({ runs: [{ isKilled: true }], struckJobs: ['one'] })
})

it('does not hide a second begin behind the first', () => {
  expect(traces(begin, begin).runs).toHaveLength(2)
})
