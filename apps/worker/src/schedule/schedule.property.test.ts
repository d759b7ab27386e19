import * as fc from 'fast-check'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createSchedule } from './schedule.ts'

interface Job {
  readonly project: string
  readonly lane: readonly string[]
  readonly pulls: boolean
  /** Refused after a look at it, so it never asks for its lane. */
  readonly isRejected: boolean
  /** Ends while it waits for its lane. */
  readonly givesUp: boolean
  /** What an earlier worker had done with it. */
  readonly left: 'nothing' | 'begun' | 'running'
}

type Stage =
  'queued' | 'looking' | 'knowing' | 'in line' | 'pulling' | 'waiting' | 'holding' | 'closing' | 'over'

interface Simulated extends Job {
  /** Its age, the smallest is the oldest. */
  readonly id: string
  stage: Stage
}

const sometimes = fc.constantFrom(true, false, false, false)

const job: fc.Arbitrary<Job> = fc.record({
  project: fc.constantFrom('shop', 'blog'),
  lane: fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1 }),
  pulls: fc.boolean(),
  isRejected: sometimes,
  givesUp: sometimes,
  left: fc.constantFrom('nothing', 'nothing', 'nothing', 'begun', 'running'),
})

const simulation = fc.record({
  max: fc.integer({ min: 1, max: 4 }),
  jobs: fc.array(job, { minLength: 1, maxLength: 14 }),
  order: fc.infiniteStream(fc.nat()),
})

/** Works through all jobs in an order that chance decides, and checks the promises of the schedule at each move. */
async function simulate({ max, jobs: all, order }: { max: number; jobs: Job[]; order: Iterator<number> }) {
  const jobs = all.map((job, age): Simulated => ({
    ...job,
    id: String(age).padStart(3, '0'),
    stage: 'queued',
  }))
  const schedule = createSchedule(max, pump)
  const are = (...stages: Stage[]) => jobs.filter(({ stage }) => stages.includes(stage))
  const any = <Item>(items: readonly Item[]) => items[order.next().value % items.length]

  const broken: unknown[] = []
  const adopted = new Set<string>()
  let looked: readonly Simulated[] = []

  adoptSome()
  pump()
  for (let next = any(movable()); next; next = any(movable())) {
    const before = atWork().length
    looked = are('looking')
    move(next)
    await turn()
    expect(broken).toEqual([])
    // Adopted jobs may be more than there are slots; nobody else is let in then.
    expect(atWork().length).toBeLessThanOrEqual(Math.max(max, before))
    expect(ahead().length).toBeLessThanOrEqual(max)
  }
  expect(are('over')).toHaveLength(jobs.length)

  function movable() {
    const giveUp = are('in line', 'waiting').filter((job) => job.givesUp)
    return [...are('looking', 'knowing', 'pulling', 'holding', 'closing'), ...giveUp]
  }

  function ahead() {
    return are('looking', 'knowing', 'in line').filter(({ id }) => !adopted.has(id))
  }

  function atWork() {
    const withSlot = are('looking', 'knowing', 'in line').filter(({ id }) => adopted.has(id))
    return [...are('pulling', 'holding'), ...withSlot]
  }

  function adoptSome() {
    for (const job of jobs) {
      if (job.left === 'begun') {
        schedule.adopt(job.id, job.project, false)
        adopted.add(job.id)
        job.stage = 'looking'
      } else if (job.left === 'running' && !are('holding').some((other) => overlap(job, other))) {
        schedule.adopt(job.id, job.project, true, job.lane)
        job.stage = 'holding'
      }
    }
  }

  function pump() {
    for (let next = any(are('queued')); next && schedule.tryEnter(); next = any(are('queued'))) {
      schedule.announce(next.id, next.project)
      next.stage = 'looking'
    }
  }

  function move(job: Simulated) {
    if (job.stage === 'looking' && !job.isRejected) {
      job.stage = 'knowing'
      return schedule.know(job.id, job.lane)
    }
    if (job.stage === 'knowing' && job.pulls) {
      job.stage = 'in line'
      const taken = schedule.takeSlot(job.id)
      return void taken.then(() => work(job)).catch((error: unknown) => broken.push(error))
    }
    if (job.stage === 'holding') {
      job.stage = 'closing'
      return schedule.freeSlot(job.id)
    }
    if (job.stage !== 'knowing' && job.stage !== 'pulling') {
      job.stage = 'over'
      return schedule.leave(job.id)
    }
    job.stage = 'waiting'
    const taken = schedule.takeLane(job.id, async (blocker) => {
      expect(jobs.some(({ id, stage }) => id === blocker && stage !== 'over')).toBe(true)
    })
    taken.then(() => hold(job)).catch((error: unknown) => broken.push(error))
  }

  /** Unless it has given up meanwhile. */
  function work(job: Simulated) {
    if (job.stage === 'in line') job.stage = 'pulling'
  }

  function hold(job: Simulated) {
    job.stage = 'holding'
    const others = jobs.filter((other) => other !== job && overlap(job, other))
    expect(others.filter(({ stage }) => stage === 'holding' || stage === 'closing')).toEqual([])
    const older = others.filter(({ id }) => id < job.id)
    expect(
      older.filter(({ stage }) => stage !== 'queued' && stage !== 'looking' && stage !== 'over'),
    ).toEqual([])
    // Nobody knows their lanes yet, so they may be anything.
    const stillLooking = looked.filter(({ stage }) => stage === 'looking')
    expect(stillLooking.filter(({ id, project }) => id < job.id && project === job.project)).toEqual([])
  }
}

function overlap(a: Job, b: Job): boolean {
  return a.project === b.project && a.lane.some((service) => b.lane.includes(service))
}

it('keeps its promises for any jobs: lanes apart, slots few, nobody overtaken, everybody served', async () => {
  await fc.assert(fc.asyncProperty(simulation, simulate), { numRuns: 300 })
})
