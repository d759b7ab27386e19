import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { createSchedule, type Schedule } from './schedule.ts'

const ignore = () => {}

/** A job that a worker fetched: it has a slot, and does not know its lane yet. */
function enter(schedule: Schedule, id: string, project = 'shop') {
  expect(schedule.tryEnter()).toBe(true)
  schedule.announce(id, project)
}

/** Asks for a lane. `has` tells whether it is held now, `waitsFor` what the job was told. */
function take(schedule: Schedule, id: string, ...lane: string[]) {
  let isHeld = false
  let blocker: string | undefined
  schedule.know(id, lane)
  const taken = schedule.takeLane(id, async (id) => {
    blocker = id
  })
  void taken.then(() => (isHeld = true))
  return {
    waitsFor: () => blocker,
    has: async () => {
      await turn()
      return isHeld
    },
  }
}

/** Asks for a slot; tells whether it is held now. */
function takeSlot(schedule: Schedule, id: string) {
  let isHeld = false
  void schedule.takeSlot(id).then(() => (isHeld = true))
  return {
    has: async () => {
      await turn()
      return isHeld
    },
  }
}

describe('places ahead', () => {
  it('are as many as there are slots', () => {
    const schedule = createSchedule(2, ignore)
    expect([schedule.tryEnter(), schedule.tryEnter(), schedule.tryEnter()]).toEqual([true, true, false])
  })

  it('are free again, and somebody is told, when no job came, or one is over, or has a slot', async () => {
    const onRoom = vi.fn<() => void>()
    const schedule = createSchedule(1, onRoom)
    schedule.tryEnter()
    schedule.exit()
    expect(onRoom).toHaveBeenCalledTimes(1)
    enter(schedule, '1')
    schedule.leave('1')
    expect(onRoom).toHaveBeenCalledTimes(2)
    enter(schedule, '2')
    expect(await takeSlot(schedule, '2').has()).toBe(true)
    expect(onRoom).toHaveBeenCalledTimes(3)
    expect(schedule.tryEnter()).toBe(true)
  })

  it('are given to others while a job waits for its lane, but not while it waits for a slot', async () => {
    const schedule = createSchedule(1, ignore)
    enter(schedule, '1')
    take(schedule, '1', 'db')
    enter(schedule, '2')
    take(schedule, '2', 'db')
    enter(schedule, '3')
    take(schedule, '3', 'web')
    expect(schedule.tryEnter()).toBe(false)
  })
})

describe('slots', () => {
  it('are as many as the schedule is made for', async () => {
    const schedule = createSchedule(2, ignore)
    enter(schedule, '1')
    enter(schedule, '2', 'blog')
    const first = [takeSlot(schedule, '1'), take(schedule, '2', 'db')]
    expect(await Promise.all(first.map((it) => it.has()))).toEqual([true, true])
    enter(schedule, '3')
    const third = takeSlot(schedule, '3')
    expect(await third.has()).toBe(false)
    schedule.leave('1')
    expect(await third.has()).toBe(true)
  })

  it('go to the oldest of those that wait', async () => {
    const schedule = createSchedule(3, ignore)
    for (const id of ['1', '2', '3']) enter(schedule, id, id)
    for (const id of ['1', '2', '3']) takeSlot(schedule, id)
    for (const id of ['6', '5', '4']) enter(schedule, id, id)
    const waiting = [takeSlot(schedule, '6'), take(schedule, '5', 'db'), takeSlot(schedule, '4')]
    schedule.leave('1')
    expect(await Promise.all(waiting.map((it) => it.has()))).toEqual([false, false, true])
    schedule.freeSlot('2')
    expect(await Promise.all(waiting.map((it) => it.has()))).toEqual([false, true, true])
  })

  it('are given to others while a job waits for its lane', async () => {
    const schedule = createSchedule(2, ignore)
    for (const id of ['1', '2']) enter(schedule, id)
    take(schedule, '1', 'db')
    expect(await takeSlot(schedule, '2').has()).toBe(true)
    take(schedule, '2', 'db')
    enter(schedule, '3')
    expect(await take(schedule, '3', 'web').has()).toBe(true)
  })

  it('are needed again before a job that waited may run', async () => {
    const schedule = createSchedule(1, ignore)
    enter(schedule, '1')
    take(schedule, '1', 'db')
    enter(schedule, '3')
    const second = take(schedule, '3', 'db')
    enter(schedule, '2')
    const third = take(schedule, '2', 'web')
    schedule.leave('1')
    expect([await second.has(), await third.has()]).toEqual([false, true])
    schedule.leave('2')
    expect(await second.has()).toBe(true)
  })

  it('are free for others when the steps of a job are over, but not its lane', async () => {
    const schedule = createSchedule(1, ignore)
    enter(schedule, '1')
    take(schedule, '1', 'db')
    enter(schedule, '2')
    const second = take(schedule, '2', 'db')
    enter(schedule, '3')
    const third = take(schedule, '3', 'web')
    schedule.freeSlot('1')
    expect([await second.has(), await third.has()]).toEqual([false, true])
    schedule.leave('1')
    schedule.leave('3')
    expect(await second.has()).toBe(true)
  })

  it('are not set free by a job that leaves while it waits', async () => {
    const schedule = createSchedule(1, ignore)
    enter(schedule, '1')
    take(schedule, '1', 'a')
    enter(schedule, '2')
    take(schedule, '2', 'a')
    schedule.leave('2')
    enter(schedule, '3', 'blog')
    expect(await takeSlot(schedule, '3').has()).toBe(false)
  })

  it('are not given to a job that waits no more, since it was stopped', async () => {
    const schedule = createSchedule(1, ignore)
    for (const id of ['1', '2', '3']) {
      enter(schedule, id, id)
      if (id !== '3') takeSlot(schedule, id)
      if (id === '2') schedule.freeSlot(id)
    }
    const third = takeSlot(schedule, '3')
    schedule.leave('1')
    expect(await third.has()).toBe(true)
  })
})

describe('lanes', () => {
  it('of one project are held at the same time when they do not overlap', async () => {
    const schedule = createSchedule(3, ignore)
    for (const id of ['1', '2', '3']) enter(schedule, id)
    const jobs = [take(schedule, '1', 'a', 'b'), take(schedule, '2', 'c'), take(schedule, '3', 'd')]
    expect(await Promise.all(jobs.map((it) => it.has()))).toEqual([true, true, true])
  })

  it('of the same services in several projects do not overlap', async () => {
    const schedule = createSchedule(2, ignore)
    enter(schedule, '1', 'shop')
    enter(schedule, '2', 'blog')
    take(schedule, '1', 'db')
    expect(await take(schedule, '2', 'db').has()).toBe(true)
  })

  it('that overlap are held one after the other, and who waits is told for whom', async () => {
    const schedule = createSchedule(2, ignore)
    for (const id of ['1', '2']) enter(schedule, id)
    const first = take(schedule, '1', 'web', 'db')
    const second = take(schedule, '2', 'worker', 'db')
    expect(first.waitsFor()).toBeUndefined()
    expect(second.waitsFor()).toBe('1')
    expect(await second.has()).toBe(false)
    schedule.leave('1')
    expect(await second.has()).toBe(true)
  })

  it('that are wide are not starved by narrow ones', async () => {
    const schedule = createSchedule(4, ignore)
    for (const id of ['1', '2', '3']) enter(schedule, id)
    take(schedule, '1', 'a')
    const wide = take(schedule, '2', 'a', 'b', 'c')
    const narrow = take(schedule, '3', 'c')
    expect(narrow.waitsFor()).toBe('2')
    schedule.leave('1')
    expect([await wide.has(), await narrow.has()]).toEqual([true, false])
  })

  it('may be anything of the project while a job does not know its own', async () => {
    const schedule = createSchedule(2, ignore)
    for (const id of ['1', '2']) enter(schedule, id)
    const second = take(schedule, '2', 'b')
    expect(await second.has()).toBe(false)
    take(schedule, '1', 'a')
    expect(await second.has()).toBe(true)
  })

  it('are not waited for by others while an older job pulls, when they do not overlap its own', async () => {
    const schedule = createSchedule(3, ignore)
    for (const id of ['1', '2', '3']) enter(schedule, id)
    const second = take(schedule, '2', 'b')
    const third = take(schedule, '3', 'a')
    schedule.know('1', ['a'])
    expect([await second.has(), await third.has()]).toEqual([true, false])
    expect(await take(schedule, '1', 'a').has()).toBe(true)
  })

  it.each(['is rejected', 'has to wait itself'])(
    'are free for others as soon as an older job %s',
    async (what) => {
      const schedule = createSchedule(3, ignore)
      for (const id of ['2', '3', '1']) enter(schedule, id)
      take(schedule, '1', 'a')
      const third = take(schedule, '3', 'b')
      expect(await third.has()).toBe(false)
      if (what === 'is rejected') schedule.leave('2')
      else take(schedule, '2', 'a')
      expect(await third.has()).toBe(true)
    },
  )

  it('are no longer waited for when the job that was first in line gives up', async () => {
    const schedule = createSchedule(4, ignore)
    for (const id of ['1', '2', '3']) enter(schedule, id)
    take(schedule, '1', 'a')
    take(schedule, '2', 'a', 'b')
    const third = take(schedule, '3', 'b')
    expect(third.waitsFor()).toBe('2')
    schedule.leave('2')
    expect(await third.has()).toBe(true)
  })

  it('are not kept by a job that could not say that it waits', async () => {
    const schedule = createSchedule(3, ignore)
    for (const id of ['1', '2', '3']) enter(schedule, id)
    take(schedule, '1', 'a')
    schedule.know('2', ['a'])
    const second = schedule.takeLane('2', () => Promise.reject(new Error('Redis is away')))
    await expect(second).rejects.toThrow('Redis is away')
    schedule.leave('2')
    const third = take(schedule, '3', 'a')
    schedule.leave('1')
    expect(await third.has()).toBe(true)
  })

  it('cannot be taken by a job that was not announced', async () => {
    await expect(createSchedule(1, ignore).takeLane('1', async () => {})).rejects.toThrow('not announced')
  })
})

describe('a job of an earlier worker', () => {
  it('that runs holds its lane, even when no slot is free', async () => {
    const schedule = createSchedule(1, ignore)
    schedule.adopt('1', 'shop', true, ['a'])
    schedule.adopt('2', 'shop', true, ['b'])
    expect(await take(schedule, '2', 'b').has()).toBe(true)
    enter(schedule, '3', 'blog')
    const third = takeSlot(schedule, '3')
    schedule.leave('1')
    expect(await third.has()).toBe(false)
    schedule.leave('2')
    expect(await third.has()).toBe(true)
  })

  it('that runs is waited for by older ones, too', async () => {
    const schedule = createSchedule(2, ignore)
    schedule.adopt('2', 'shop', true, ['a'])
    enter(schedule, '1')
    const first = take(schedule, '1', 'a')
    expect(first.waitsFor()).toBe('2')
    schedule.leave('2')
    expect(await first.has()).toBe(true)
  })

  it('that runs holds all of its project when nobody knows its lane any more', async () => {
    const schedule = createSchedule(2, ignore)
    schedule.adopt('2', 'shop', true)
    enter(schedule, '1')
    const first = take(schedule, '1', 'a')
    expect(first.waitsFor()).toBe('2')
    schedule.leave('2')
    expect(await first.has()).toBe(true)
  })

  it('that did not run yet may touch all of its project until it knows its lane', async () => {
    const schedule = createSchedule(2, ignore)
    schedule.adopt('1', 'shop', false)
    enter(schedule, '2')
    const second = take(schedule, '2', 'b')
    expect(second.waitsFor()).toBe('1')
    expect(await take(schedule, '1', 'a').has()).toBe(true)
    expect(await second.has()).toBe(true)
  })
})
