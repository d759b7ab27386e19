import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newJobId, type JobId, type Verdict } from '../contract/job.ts'
import { createJobs } from '../jobs/redis-jobs.ts'
import { connectRedis, firstAttempt, type Redis } from '../redis/connect.ts'
import { keys } from '../redis/keys.ts'
import { collectEvents, storedEvents } from '../testing/log-events.ts'
import { startRedis, type TestRedis } from '../testing/redis.ts'
import { requestOf } from '../testing/requests.ts'
import type { Follower, LogEvent, LogReader } from './log.ts'
import { createLogReader } from './redis-log-reader.ts'
import { createLogWriter } from './redis-log-writer.ts'

const logger = pino({ level: 'silent' })
const verdict: Verdict = { state: 'failed', exitCode: 3, started: true, reason: 'because' }

let server: TestRedis
let redis: Redis
let reading: Redis
let subscriber: Redis
let killer: Redis
let reader: LogReader
beforeAll(async () => {
  server = await startRedis({ appendOnly: true })
  redis = connectRedis(server.url, 'patient', logger)
  reading = connectRedis(server.url, 'impatient', logger)
  subscriber = connectRedis(server.url, 'patient', logger)
  killer = connectRedis(server.url, 'patient', logger)
  reader = createLogReader(reading, subscriber)
  await firstAttempt(reading)
})
afterAll(async () => {
  for (const connection of [redis, reading, subscriber, killer]) connection.disconnect()
  await server.stop()
})

describe('a log', () => {
  it('is read from any line on, and ends with the verdict', async () => {
    const job = newJobId()
    await append(job, 1, 'a', 'b')
    await append(job, 3, 'c')
    await conclude(job)
    expect(await stored(job, 1)).toEqual([lines(1, 'a', 'b'), lines(3, 'c'), { kind: 'verdict', verdict }])
    expect(await stored(job, 2)).toEqual([lines(2, 'b'), lines(3, 'c'), { kind: 'verdict', verdict }])
    expect(await stored(job, 99)).toEqual([{ kind: 'verdict', verdict }])
  })

  it('is nothing before the first line', async () => {
    expect(await stored(newJobId(), 1)).toEqual([])
  })

  it('takes a batch once, so that a writer that lost an answer may write it again', async () => {
    const job = newJobId()
    for (let time = 0; time < 3; time++) await append(job, 1, 'a', 'b')
    await append(job, 3, 'c')
    await append(job, 1, 'a', 'b')
    expect(await stored(job, 1)).toEqual([lines(1, 'a', 'b'), lines(3, 'c')])
  })

  it('takes nothing after the verdict', async () => {
    const job = newJobId()
    await conclude(job)
    await append(job, 1, 'too late')
    expect(await stored(job, 1)).toEqual([{ kind: 'verdict', verdict }])
  })

  it('says which lines are not there', async () => {
    const job = newJobId()
    await append(job, 5, 'e')
    expect(await stored(job, 2)).toEqual([{ kind: 'missing', from: 2, to: 4 }, lines(5, 'e')])
  })

  it('keeps empty lines and all of Unicode', async () => {
    const job = newJobId()
    await append(job, 1, '', 'é€😀\u0000\u2028', '')
    expect(await stored(job, 1)).toEqual([lines(1, '', 'é€😀\u0000\u2028', '')])
  })

  it('tells a new worker where it ends, and how much of which step it holds', async () => {
    const job = newJobId()
    const writer = createLogWriter(redis, 16 * 1024 ** 2)
    expect(await writer.end(job)).toEqual({ next: 1, position: undefined, lastLine: undefined })
    await writer.append(job, { first: 1, lines: ['a', 'b'] }, { step: 'up', offset: 17 })
    const end = { next: 3, position: { step: 'up', offset: 17 }, lastLine: 'b' }
    expect(await writer.end(job)).toEqual(end)
    await conclude(job)
    expect(await writer.end(job)).toEqual(end)
  })
})

describe('a log with entries at its end that are none of ours', () => {
  const foreign = ['5-0', 'x', 'y'] as const

  it('ends behind them, so that what comes next is taken, and goes on with the output where ours ended', async () => {
    const job = newJobId()
    const writer = createLogWriter(redis, 16 * 1024 ** 2)
    await writer.append(job, { first: 1, lines: ['a', 'b'] }, { step: 'up', offset: 17 })
    for (let id = 3; id < 300; id++) await redis.xadd(keys.log(job), `${id}-0`, 'x', 'y')
    const { next, position } = await writer.end(job)
    expect({ next, position }).toEqual({ next: 300, position: { step: 'up', offset: 17 } })

    await append(job, next, 'c')
    await conclude(job)
    expect(await stored(job, 1)).toEqual([
      lines(1, 'a', 'b'),
      { kind: 'missing', from: 3, to: 299 },
      lines(300, 'c'),
      { kind: 'verdict', verdict },
    ])
  })

  it('begins behind them when it has nothing else', async () => {
    const job = newJobId()
    await redis.xadd(keys.log(job), ...foreign)
    expect(await createLogWriter(redis, 16 * 1024 ** 2).end(job)).toMatchObject({
      next: 6,
      position: undefined,
    })
  })
})

it('keeps no lines where there is something else, so that the deploy goes on to its verdict', async () => {
  const job = newJobId()
  const writer = createLogWriter(redis, 16 * 1024 ** 2)
  await redis.set(keys.log(job), 'x')
  expect(await writer.end(job)).toMatchObject({ next: 1, position: undefined })
  await writer.append(job, { first: 1, lines: ['a'] }, { step: 'up', offset: 2 })
  expect(await redis.get(keys.log(job))).toBe('x')
})

describe('whoever follows a log', () => {
  it('sees lines as they are written, and then the verdict', async () => {
    const job = newJobId()
    await append(job, 1, 'a')
    const follower = follow(job)
    expect(await follower.next()).toEqual([lines(1, 'a')])
    const next = follower.next()
    await append(job, 2, 'b')
    expect(await next).toEqual([lines(2, 'b')])
    await conclude(job)
    expect(await follower.next()).toEqual([{ kind: 'verdict', verdict }])
    expect(await follower.next()).toEqual([])
    follower.close()
  })

  it('begins at the line that is asked for, in the middle of a batch too', async () => {
    const job = newJobId()
    await append(job, 1, 'a', 'b', 'c')
    const follower = follow(job, 2)
    expect(await follower.next()).toEqual([lines(2, 'b', 'c')])
    follower.close()
  })

  it('is not disturbed when others follow the same log and leave', async () => {
    const job = newJobId()
    const [leaving, staying] = [follow(job), follow(job)]
    await append(job, 1, 'a')
    await Promise.all([leaving.next(), staying.next()])
    leaving.close()
    const next = staying.next()
    await append(job, 2, 'b')
    expect(await next).toEqual([lines(2, 'b')])
    staying.close()
    await expect.poll(() => redis.pubsub('CHANNELS', `*${job}*`)).toEqual([])
  })

  it('is brought the very same lines as all others who have seen as much', async () => {
    const job = newJobId()
    const followers = [follow(job), follow(job)] as const
    await append(job, 1, 'a')
    await Promise.all(followers.map((follower) => follower.next()))
    // The stream has no more, so from now on they listen.
    await Promise.all(followers.map((follower) => follower.next(0)))
    const next = followers.map((follower) => follower.next())
    await append(job, 2, 'b')
    const [[one], [other]] = (await Promise.all(next)) as [LogEvent[], LogEvent[]]
    expect(one).toEqual(lines(2, 'b'))
    expect(other).toBe(one)
    for (const follower of followers) follower.close()
  })

  it('sees every line once while connections are cut and Redis is killed and restarted', async () => {
    const job = newJobId()
    const all = Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}`)
    const following = Array.from({ length: 8 }, () => collectEvents(follow(job)))
    for (let first = 1; first <= all.length; first += 10) {
      const cut = first % 1000 === 501 ? cutConnections() : undefined
      await append(job, first, ...all.slice(first - 1, first + 9))
      await cut
      if (first % 10_000 === 5001) following.push(collectEvents(follow(job)))
      if (first === 10_001) await server.restart()
    }
    await conclude(job)

    for (const seen of await Promise.all(following)) {
      expect(seen.flatMap((event) => (event.kind === 'lines' ? event.lines : []))).toEqual(all)
      expect(seen.filter(({ kind }) => kind !== 'lines')).toEqual([{ kind: 'verdict', verdict }])
    }
  })
})

async function append(job: JobId, first: number, ...all: readonly string[]) {
  await createLogWriter(redis, 16 * 1024 ** 2).append(job, { first, lines: all }, { step: 'up', offset: 0 })
}

async function conclude(id: JobId) {
  await createJobs(redis).conclude(requestOf('shop/hello', { id }), verdict)
}

function follow(job: JobId, from = 1): Follower {
  return reader.follow(job, from)
}

const stored = (job: JobId, from: number) => storedEvents(reader, job, from)

/** All of them: the writer's, the reader's and the one that listens. */
async function cutConnections() {
  await killer.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await killer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
}

function lines(first: number, ...all: string[]): LogEvent {
  return { kind: 'lines', first, lines: all }
}
