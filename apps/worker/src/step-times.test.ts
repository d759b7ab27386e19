import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { StepName } from './job-directory.ts'
import { steadyNowMs } from './steady-clock.ts'
import { createStepTimes } from './step-times.ts'

const hour = 3_600_000

/** The files of the steps, whose times are the wall clock's. */
let files: Partial<Record<`${StepName} ${'started' | 'exit'}`, number>>
const read = (file: keyof typeof files) => Promise.resolve(files[file] ?? Number.NaN)
const directory = {
  hasStarted: async (name: StepName) => `${name} started` in files,
  startedAtMs: (name: StepName) => read(`${name} started`),
  endedAtMs: (name: StepName) => read(`${name} exit`),
}

beforeEach(() => {
  files = {}
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

/** A step that takes a second by the steady clock, in which the wall clock is set. */
async function aSecond(name: StepName, setByMs: number) {
  files[`${name} started`] = Date.now()
  await vi.advanceTimersByTimeAsync(1000)
  vi.setSystemTime(Date.now() + setByMs)
  files[`${name} exit`] = Date.now()
}

it.each([
  { how: 'stays as it is', setByMs: 0 },
  { how: 'is set forward by a day', setByMs: 24 * hour },
  { how: 'is set back by an hour', setByMs: -hour },
])('a step takes as long as it takes when the clock $how', async ({ setByMs }) => {
  const times = createStepTimes(directory)
  const begin = steadyNowMs()
  await times.take('up', () => aSecond('up', setByMs))
  expect([await times.startedAtMs('up'), await times.endedAtMs('up')]).toEqual([begin, begin + 1000])
})

it('the times of a step that an earlier worker began are those of its files', async () => {
  files = { 'up started': Date.now() - 5000, 'up exit': Date.now() - 2000 }
  const times = createStepTimes(directory)
  await times.take('up', async () => {})
  const ago = [steadyNowMs() - (await times.startedAtMs('up')), steadyNowMs() - (await times.endedAtMs('up'))]
  expect(ago).toEqual([5000, 2000])
})

it('a file of the future, made before the clock was set back, is from now', async () => {
  files = { 'up started': Date.now() + hour }
  expect(await createStepTimes(directory).startedAtMs('up')).toBe(steadyNowMs())
})
