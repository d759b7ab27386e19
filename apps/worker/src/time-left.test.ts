import { expect, it } from 'vitest'
import type { Plan } from './job-directory.ts'
import { timeLeftForUpMs } from './time-left.ts'

const pull: Plan['pull'] = ['docker-compose', 'pull']

interface Times {
  readonly startedAtMs: number
  /** Not there: nobody knows. */
  readonly endedAtMs?: number
}

it.each<{ what: string; isPulled: boolean; steps: Record<string, Times>; left: number }>([
  { what: 'all of it when nothing is pulled', isPulled: false, steps: {}, left: 900 },
  {
    what: 'what the pull has not taken, however long ago that was',
    isPulled: true,
    steps: { pull: { startedAtMs: 5000, endedAtMs: 5600 } },
    left: 300,
  },
  {
    what: 'nothing when the pull has taken longer, watched by nobody',
    isPulled: true,
    steps: { pull: { startedAtMs: 5000, endedAtMs: 6000 } },
    left: -100,
  },
  {
    what: 'what the second pull has not taken when the first was lost',
    isPulled: true,
    steps: { pull: { startedAtMs: 1000 }, 'pull-again': { startedAtMs: 5000, endedAtMs: 5100 } },
    left: 800,
  },
])('what is left for `up` and the gate is $what', async ({ isPulled, steps, left }) => {
  const read = (name: string, time: keyof Times) => {
    const found = steps[name]?.[time]
    return found === undefined ? Promise.reject(new Error(`${name} has no ${time}`)) : Promise.resolve(found)
  }
  const directory = { hasStarted: async (name: string) => name in steps }
  const times = {
    startedAtMs: (name: string) => read(name, 'startedAtMs'),
    endedAtMs: (name: string) => read(name, 'endedAtMs'),
  }
  const plan = { timeoutMs: 900, ...(isPulled && { pull }) }
  expect(await timeLeftForUpMs(directory, times, plan)).toBe(left)
})
