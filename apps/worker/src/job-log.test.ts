import { newJobId, type JobId } from '@redeployster/shared/contract/job'
import type { LogEvent } from '@redeployster/shared/log/log'
import { createLogReader } from '@redeployster/shared/log/redis-log-reader'
import { createLogWriter } from '@redeployster/shared/log/redis-log-writer'
import { connectRedis } from '@redeployster/shared/redis/connect'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openJobLog } from './job-log.ts'

let server: TestRedis
let redis: ReturnType<typeof connectRedis>
let id: JobId

beforeAll(async () => {
  server = await startRedis()
  redis = connectRedis(server.url, 'patient', pino({ level: 'silent' }))
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(() => {
  id = newJobId()
})

const open = () => openJobLog(createLogWriter(redis, 16 * 1024 ** 2), id)

async function stored() {
  const events: LogEvent[] = []
  for await (const event of createLogReader(redis, redis).read(id, 1)) events.push(event)
  return events
}

it('numbers all lines from 1, its own and those of the steps', async () => {
  const log = await open()
  await log.notice('waiting for job 1')
  await log.lines(['a', 'b'], { step: 'up', offset: 4 })
  await log.lines([], { step: 'up', offset: 5 })
  await log.notice('two\nlines')
  expect(await stored()).toEqual([
    { kind: 'lines', first: 1, lines: ['redeployster: waiting for job 1'] },
    { kind: 'lines', first: 2, lines: ['a', 'b'] },
    { kind: 'lines', first: 4, lines: ['redeployster: two lines'] },
  ])
})

it('begins at the begin of a step that has not printed yet', async () => {
  const log = await open()
  await log.lines(['a'], { step: 'pull', offset: 2 })
  expect([log.storedOffset('pull'), log.storedOffset('up')]).toEqual([2, 0])
})

it('says the reason of a verdict once, also when a worker was killed between the two', async () => {
  const earlier = await open()
  await earlier.lines(['a'], { step: 'up', offset: 2 })
  await earlier.reason('compose failed')
  const log = await open()
  await log.reason('compose failed')
  expect(await stored()).toEqual([
    { kind: 'lines', first: 1, lines: ['a'] },
    { kind: 'lines', first: 2, lines: ['redeployster: compose failed'] },
  ])
})

it('goes on where an earlier worker ended, also behind a notice', async () => {
  const earlier = await open()
  await earlier.lines(['a', 'b'], { step: 'up', offset: 4 })
  await earlier.notice('note')

  const log = await open()
  expect(log.storedOffset('up')).toBe(4)
  await log.lines(['c'], { step: 'up', offset: 6 })
  expect(await stored()).toMatchObject([{ first: 1 }, { first: 3 }, { first: 4, lines: ['c'] }])
})

it('masks what must not be read, from when it knows of it, but never the begin of a notice', async () => {
  const log = await open()
  log.hide(['dolphin', 'redeployster'])
  await log.lines(['password dolphin', 'redeployster'], { step: 'up', offset: 30 })
  await log.notice('no dolphin here')
  expect(await stored()).toMatchObject([
    { lines: ['password ***', '***'] },
    { lines: ['redeployster: no *** here'] },
  ])
})

it('shows a reason masked, in one line, and so that it moves no cursor', async () => {
  const log = await open()
  log.hide(['dolphin'])
  const reason = '\u001b[2Jweb-dolphin-1\r\nended\u202e\u0085'
  expect(log.shown(reason)).toBe('\\u001b[2Jweb-***-1 ended\\u202e\\u0085')
  await log.notice(reason)
  expect(await stored()).toMatchObject([{ lines: [`redeployster: ${log.shown(reason)}`] }])
})

it('stores much at once in batches, in their order', async () => {
  const log = await open()
  const lines = Array.from({ length: 100 }, (_, index) => String(index).repeat(5000))
  await log.lines(lines, { step: 'config', offset: 0 })
  const events = await stored()
  expect(events.length).toBeGreaterThan(4)
  expect(events.flatMap((event) => (event.kind === 'lines' ? event.lines : []))).toEqual(lines)
})

it('does not double lines that were stored although the answer of Redis was lost', async () => {
  const [lost, again] = [await open(), await open()]
  await lost.lines(['a', 'b'], { step: 'up', offset: 4 })
  await again.lines(['a', 'b'], { step: 'up', offset: 4 })
  await again.lines(['c'], { step: 'up', offset: 6 })
  expect(await stored()).toEqual([
    { kind: 'lines', first: 1, lines: ['a', 'b'] },
    { kind: 'lines', first: 3, lines: ['c'] },
  ])
})

it('keeps what it cannot store while Redis is away, in order, and lets the deploy go on', async () => {
  const log = await open()
  await log.notice('before')
  server.freeze()
  await log.lines(['a'], { step: 'up', offset: 2 })
  await log.notice('between')
  await server.restart()
  await log.drained()
  await log.notice('after')
  const lines = (await stored()).flatMap((event) => (event.kind === 'lines' ? event.lines : []))
  expect(lines.slice(-3)).toEqual(['a', 'redeployster: between', 'redeployster: after'])
})
