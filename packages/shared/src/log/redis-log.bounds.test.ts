import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newJobId, type JobId, type Verdict } from '../contract/job.ts'
import { createJobs } from '../jobs/redis-jobs.ts'
import type { Redis } from '../redis/connect.ts'
import { keys } from '../redis/keys.ts'
import { collectEvents, storedEvents } from '../testing/log-events.ts'
import { openRedis, type OpenRedis } from '../testing/open-redis.ts'
import { requestOf } from '../testing/requests.ts'
import { continueAt } from './continue-at.ts'
import type { LogEvent, LogReader } from './log.ts'
import { createLogReader } from './redis-log-reader.ts'
import { createLogWriter } from './redis-log-writer.ts'

const verdict: Verdict = { state: 'succeeded', exitCode: 0, started: true }
const kibibyte = 1024

let opened: OpenRedis
let redis: Redis
let subscriber: Redis
let reader: LogReader
beforeAll(async () => {
  opened = await openRedis()
  redis = opened.connect()
  subscriber = opened.connect()
  reader = createLogReader(redis, subscriber)
})
afterAll(() => opened.close())

describe('a log that grows beyond its bound', () => {
  it('keeps its first lines, its last lines and all numbers', async () => {
    const job = await flood({ mostBytes: 64 * kibibyte, batches: 1000, linesEach: 10 })
    const [head, hole, ...rest] = joined(await stored(job, 1))
    expect(head).toMatchObject({ kind: 'lines', first: 1 })
    expect(hole?.kind).toBe('missing')
    expect(rest.map(({ kind }) => kind)).toEqual(['lines', 'verdict'])
    expect(numbersOf([head, hole, ...rest])).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1))
    for (const { first, lines } of batchesIn([head, ...rest]))
      expect(lines).toEqual(lines.map((_, index) => lineOf(first + index)))
    expect(bytesOf(head)).toBeGreaterThan(24 * kibibyte)
    expect(bytesOf(rest[0])).toBeGreaterThan(24 * kibibyte)
  })

  it.each([
    { what: 'large batches', batches: 400, linesEach: 1000, mostBytes: 1024 * kibibyte },
    { what: 'single lines', batches: 5000, linesEach: 1, mostBytes: 64 * kibibyte },
  ])('takes no more memory than that, in $what', async ({ batches, linesEach, mostBytes }) => {
    const job = newJobId()
    let most = 0
    await flood({ job, mostBytes, batches, linesEach }, async (batch) => {
      if (batch % 50 === 0) most = Math.max(most, await memoryOf(job))
    })
    most = Math.max(most, await memoryOf(job))
    expect(batches * linesEach * lineOf(1).length).toBeGreaterThan(2 * mostBytes)
    expect(most).toBeLessThan(1.5 * mostBytes)
    expect(most).toBeGreaterThan(0.5 * mostBytes)
  })

  it('is read from any line on, also from one that is not there', async () => {
    const job = await flood({ mostBytes: 8 * kibibyte, batches: 60, linesEach: 7 })
    const all = joined(await stored(job, 1))
    const hole = all.find(({ kind }) => kind === 'missing')
    if (hole?.kind !== 'missing') throw new Error('There is no hole')
    for (const from of [hole.from, hole.from + 1, hole.to - 1, hole.to, hole.to + 1, 420]) {
      for (const seen of [await stored(job, from), await collectEvents(reader.follow(job, from))]) {
        expect(numbersOf(seen)).toEqual(Array.from({ length: 421 - from }, (_, index) => from + index))
        const isInHole = from >= hole.from && from <= hole.to
        expect(seen[0]).toMatchObject(isInHole ? { kind: 'missing', from, to: hole.to } : { first: from })
      }
    }
  })

  it('is whole for whoever follows it while it is written', async () => {
    const job = newJobId()
    const follower = reader.follow(job, 1)
    const seen: LogEvent[] = []
    await flood({ job, mostBytes: 8 * kibibyte, batches: 200, linesEach: 3 }, async (batch) => {
      while (lastOf(seen) < batch * 3) seen.push(...(await follower.next()))
    })
    seen.push(...(await collectEvents(follower)))
    expect(seen.filter(({ kind }) => kind === 'missing')).toEqual([])
    expect(lastOf(seen)).toBe(600)
  })

  it('tells a new worker where it ends', async () => {
    const job = newJobId()
    const writer = createLogWriter(redis, kibibyte)
    for (let first = 1; first <= 50; first++)
      await writer.append(job, { first, lines: ['x'.repeat(400)] }, { step: 'up', offset: first })
    expect(await writer.end(job)).toMatchObject({ next: 51, position: { step: 'up', offset: 50 } })
  })

  it('keeps the newest batch, however large it is', async () => {
    const job = newJobId()
    const writer = createLogWriter(redis, kibibyte)
    for (const first of [1, 2, 3])
      await writer.append(job, { first, lines: ['x'.repeat(5000)] }, { step: 'up', offset: first })
    expect(await stored(job, 1)).toMatchObject([{ kind: 'missing', from: 1, to: 2 }, { first: 3 }])
  })

  it('says of every line either what it was or that it is not kept, however it was cut into batches', async () => {
    const batch = fc.record({
      lines: fc.integer({ min: 1, max: 5 }),
      length: fc.nat(600),
      again: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch, { maxLength: 30 }),
        fc.integer({ min: 200, max: 6000 }),
        fc.nat(100),
        async (batches, mostBytes, start) => {
          const job = newJobId()
          const writer = createLogWriter(redis, mostBytes)
          let next = 1
          for (const { lines: count, length, again } of batches) {
            const lines = Array.from({ length: count }, (_, index) => `${next + index} ${'x'.repeat(length)}`)
            for (const _ of again ? [1, 2] : [1])
              await writer.append(job, { first: next, lines }, { step: 'up', offset: next })
            next += count
          }
          const from = 1 + (start % next)
          const seen = await stored(job, from)
          expect(numbersOf(seen)).toEqual(Array.from({ length: next - from }, (_, index) => from + index))
          const numbers = batchesIn(seen).flatMap((it) => it.lines.map((_, index) => it.first + index))
          const said = batchesIn(seen).flatMap((it) => it.lines.map((line) => Number.parseInt(line, 10)))
          expect(said).toEqual(numbers)
          expect(seen.filter(({ kind }) => kind === 'missing').length).toBeLessThan(2)
          const newest = 5 * 610 + 100
          expect(await countedBytes(job)).toBeLessThanOrEqual(mostBytes / 2 + Math.max(mostBytes / 2, newest))
          expect(await countedBytes(job)).toBe(await actualBytes(job))
        },
      ),
      { numRuns: 60 },
    )
  })
})

interface Flood {
  readonly job?: JobId
  readonly mostBytes: number
  readonly batches: number
  readonly linesEach: number
}

async function flood(
  { job = newJobId(), mostBytes, batches, linesEach }: Flood,
  written?: (batch: number) => Promise<void>,
): Promise<JobId> {
  const writer = createLogWriter(redis, mostBytes)
  for (let batch = 1; batch <= batches; batch++) {
    const first = (batch - 1) * linesEach + 1
    const lines = Array.from({ length: linesEach }, (_, index) => lineOf(first + index))
    await writer.append(job, { first, lines }, { step: 'up', offset: 0 })
    await written?.(batch)
  }
  await createJobs(redis).conclude(requestOf('shop/hello', { id: job }), verdict)
  return job
}

function lineOf(number: number): string {
  return `line ${String(number).padStart(8, '0')} of a container that has a lot to say`
}

async function memoryOf(job: JobId): Promise<number> {
  return Number(await redis.call('MEMORY', 'USAGE', keys.log(job), 'SAMPLES', '0'))
}

async function countedBytes(job: JobId): Promise<number> {
  const counted = await redis.hmget(keys.job(job), 'logHead', 'logTail')
  return counted.reduce((sum, text) => sum + Number(text ?? 0), 0)
}

async function actualBytes(job: JobId): Promise<number> {
  const entries = await redis.xrange(keys.log(job), '-', '+')
  return entries.reduce((sum, [, fields]) => sum + Buffer.byteLength(fields[1] ?? '') + 100, 0)
}

const stored = (job: JobId, from: number) => storedEvents(reader, job, from)

/** Batches that follow one another as one. */
function joined(events: readonly LogEvent[]): LogEvent[] {
  return events.reduce<LogEvent[]>((all, event) => {
    const last = all.at(-1)
    if (last?.kind !== 'lines' || event.kind !== 'lines') return [...all, event]
    return [...all.slice(0, -1), { ...last, lines: [...last.lines, ...event.lines] }]
  }, [])
}

/** Of all lines that the events show or speak of. */
function numbersOf(events: readonly (LogEvent | undefined)[]): number[] {
  return events.flatMap((event) => {
    if (event?.kind === 'lines') return event.lines.map((_, index) => event.first + index)
    if (event?.kind !== 'missing') return []
    return Array.from({ length: event.to - event.from + 1 }, (_, index) => event.from + index)
  })
}

function batchesIn(events: readonly (LogEvent | undefined)[]) {
  return events.flatMap((event) => (event?.kind === 'lines' ? [event] : []))
}

function lastOf(events: readonly LogEvent[]): number {
  return events.reduce((last, event) => continueAt(last + 1, event).next - 1, 0)
}

function bytesOf(event: LogEvent | undefined): number {
  return event?.kind === 'lines' ? event.lines.join('\n').length : 0
}
