import fs from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Argv } from '../compose/command.ts'
import type { JobLog } from '../job-log.ts'
import { createStopOrder } from '../stop-order.ts'
import { blockedStep } from '../testing/blocked-step.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { createFollowStep } from './follow-step.ts'
import { runStep } from './run-step.ts'
import { createRunners } from './runners.ts'

const { PATH = '' } = process.env
const run = createRunners({ PATH }, new AbortController().signal)
const logger = pino({ level: 'silent' })
const waiting = { timeout: 20_000, interval: 5 }

let folder: string
let log: MemoryLog
beforeEach(() => {
  folder = temporaryFolder()
  log = createMemoryLog()
})

interface MemoryLog extends JobLog {
  readonly stored: string[]
}

/** A log that holds what an earlier worker has stored. */
function createMemoryLog(stored: readonly string[] = [], offset = 0): MemoryLog {
  const all = [...stored]
  return {
    stored: all,
    shown: (text) => text,
    notice: async () => {},
    reason: async () => {},
    lines: async (lines) => void all.push(...lines),
    storedOffset: () => offset,
    hide() {},
    drained: async () => {},
  }
}

function follow(argv: Argv, { stop = createStopOrder(), timeoutMs = 60_000 } = {}) {
  const followStep = createFollowStep(run, new AbortController().signal)
  return followStep({ name: 'up', folder, argv, timeoutMs }, { log, stop, logger })
}

describe('a step that has ended', () => {
  it('does not take too long any more, however late it is adopted', async () => {
    await runStep(folder, ['sh', '-c', 'echo done'], run)
    const longAgo = new Date(0)
    fs.utimesSync(path.join(folder, 'started'), longAgo, longAgo)
    const stop = createStopOrder()
    expect(await follow(['never'], { stop, timeoutMs: 1 })).toBe(0)
    expect(stop.reason).toBeUndefined()
  })
})

describe('what a step prints', () => {
  it('is in the log when its end is known', async () => {
    expect(await follow(['sh', '-c', 'echo one; echo two >&2; printf three; exit 3'])).toBe(3)
    expect(log.stored).toEqual(['one', 'two', 'three'])
  })

  it('is in the log while it runs', async () => {
    const step = blockedStep(folder)
    const end = follow(step.argv)
    const runner = await step.runner()
    await vi.waitFor(() => expect(log.stored).toEqual([String(runner)]), waiting)
    step.unblock()
    expect(await end).toBe(4)
    expect(log.stored).toEqual([String(runner), 'unblocked'])
  })

  it('is neither doubled nor lost when a worker goes on with what another began', async () => {
    const step = blockedStep(folder, 'echo first')
    const begun = runStep(folder, step.argv, run)
    await vi.waitFor(
      () => expect(fs.readFileSync(path.join(folder, 'out'), 'utf8')).toMatch(/\d\n$/),
      waiting,
    )
    log = createMemoryLog(['first'], 'first\n'.length)
    const end = follow(['false'])
    step.unblock()
    expect([await end, await begun]).toEqual([4, 4])
    expect(log.stored).toEqual(['first', expect.stringMatching(/^\d+$/), 'unblocked'])
  })

  it('is stored also when it ended while no worker was there', async () => {
    await runStep(folder, ['sh', '-c', 'echo one; exit 5'], run)
    expect(await follow(['false'])).toBe(5)
    expect(log.stored).toEqual(['one'])
  })

  it('does not stop it when it cannot be stored', async () => {
    log.lines = () => Promise.reject(new Error('Redis is away'))
    expect(await follow(['sh', '-c', 'echo one; exit 6'])).toBe(6)
  })
})

describe('a step that is not there yet', () => {
  it('is left to the next worker when this one stops', async () => {
    const followStep = createFollowStep(run, AbortSignal.abort())
    const step = { name: 'up', folder, argv: ['true'], timeoutMs: 60_000 } as const
    expect(await followStep(step, { log, stop: createStopOrder(), logger })).toBe('not-started')
    expect(fs.readdirSync(folder)).toEqual([])
  })
})

describe('a step is stopped', () => {
  it('if it can be; else it goes on, and the worker with it', async () => {
    const stop = createStopOrder()
    const step = blockedStep(folder)
    const end = follow(step.argv, { stop })
    await step.runner()
    const kill = vi.spyOn(process, 'kill').mockImplementation(() => {
      step.unblock()
      throw Object.assign(new Error('Not allowed'), { code: 'EPERM' })
    })
    onTestFinished(() => kill.mockRestore())
    await stop.give('cancel')
    expect(await end).toBe(4)
  })

  it('on order', async () => {
    const stop = createStopOrder()
    const step = blockedStep(folder)
    const end = follow(step.argv, { stop })
    await step.runner()
    await stop.give('cancel')
    expect(await end).toBe(130)
  })

  it('when it takes longer than it may', async () => {
    const stop = createStopOrder()
    expect(await follow(blockedStep(folder).argv, { stop, timeoutMs: 500 })).toBe(130)
    expect(stop.reason).toBe('timeout')
  })

  it('at the same time, whoever follows it: its time counts from its start', async () => {
    const stop = createStopOrder()
    const step = blockedStep(folder)
    const begun = runStep(folder, step.argv, run)
    await step.runner()
    fs.utimesSync(path.join(folder, 'started'), new Date(), new Date(Date.now() - 3_600_000))
    expect(await follow(['false'], { stop, timeoutMs: 1_800_000 })).toBe(130)
    expect([stop.reason, await begun]).toEqual(['timeout', 130])
  })
})
