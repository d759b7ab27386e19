import { queueName } from '@redeployster/shared/contract/service'
import { keys, prefix } from '@redeployster/shared/redis/keys'
import * as fc from 'fast-check'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { alpha, entry, setStage, type Stage } from './testing/api.ts'
import { ask, open, parse } from './testing/http.ts'

// Whoever can write to Redis, or another version of us, leaves there what he likes. The right token is never told that
// it is wrong because of that, a wrong one opens nothing, and no answer is a 500.

const token = 'dolphin'
const hello = entry('shop/hello')
const queue = queueName(hello)
const [digest = ''] = hello.digests
const claim = createHash('sha256').update(`${digest} key`).digest('hex')

let stage: Stage
let job: string
beforeAll(async () => void (stage = await setStage()))
afterAll(() => stage.stop())
beforeEach(async () => {
  const { worker } = stage
  await worker.redis.flushall()
  await worker.publish([hello])
  const answer = await open(stage.port, 'POST /hello', { token })
  const request = await worker.take('shop/hello')
  await worker.write(request, 'a line')
  await worker.conclude(request, 0)
  await answer.end()
  job = request.id
})

const requests = [
  'POST /hello',
  'GET /jobs',
  'GET /jobs/JOB',
  'GET /jobs/JOB/log',
  'GET /jobs/JOB/log?follow',
  'GET /jobs/JOB?wait=1',
  'POST /jobs/JOB/verdict',
  'POST /hello?async',
  'POST /hello?wait',
  'DELETE /jobs/JOB',
  'GET /services',
  'GET /services/shop/hello/freeze',
  'GET /readyz',
  'GET /healthz',
]

/** What the API reads or writes. */
const places = {
  hosts: () => keys.hosts,
  catalogue: () => keys.catalogue(alpha),
  record: () => keys.job(job),
  log: () => keys.log(job),
  history: () => keys.history,
  'history of the service': () => keys.serviceHistory(hello),
  freeze: () => keys.freeze(hello),
  claim: () => keys.claim(claim),
  places: () => keys.places(alpha),
  'ended logs': () => keys.endedLogs,
  'bytes of ended logs': () => keys.endedLogBytes,
  'waiting jobs': () => keys.waiting(queue),
  'join key': () => keys.joinKey(queue, digest),
  'settings of the queue': () => `${prefix}:${queue}:meta`,
  'number of the queue': () => `${prefix}:${queue}:id`,
  'failed authentications': () => `${prefix}:failed-auths:127.0.0.1`,
}
type Place = keyof typeof places

const types = ['string', 'hash', 'list', 'set', 'zset', 'stream'] as const

it.each(Object.keys(places) as Place[])(
  'answers as ever, or 503, whatever type is at the key: %s',
  async (place) => {
    for (const type of types) {
      await put(places[place](), type, '{"half": ')
      expect(await wrongAnswers(place)).toEqual([])
    }
  },
)

const text = fc.oneof(
  fc.string(),
  fc.json(),
  fc.constantFrom(
    '',
    '-1',
    '1e400',
    'null',
    '[]',
    '[{}]',
    '{"id":"x"}',
    JSON.stringify([{ ...hello, state: 'paused' }]),
  ),
)

it.each([
  ['a host', (value: string) => stage.worker.redis.hset(keys.hosts, alpha, value), 'hosts'],
  ['another host', (value: string) => stage.worker.redis.hset(keys.hosts, 'OTHER', value), 'hosts'],
  [
    'a service',
    (value: string) => stage.worker.redis.hset(keys.catalogue(alpha), 'hello', value),
    'catalogue',
  ],
  [
    'another service',
    (value: string) => stage.worker.redis.hset(keys.catalogue(alpha), 'x', value),
    'catalogue',
  ],
  [
    'the completeness',
    (value: string) => stage.worker.redis.hset(keys.catalogue(alpha), '@complete', value),
    'catalogue',
  ],
  ['the state of a job', (value: string) => stage.worker.redis.hset(keys.job(job), 'state', value), 'record'],
  [
    'the exit code of a job',
    (value: string) => stage.worker.redis.hset(keys.job(job), 'exitCode', value),
    'record',
  ],
  ['the id in a record', (value: string) => stage.worker.redis.hset(keys.job(job), 'id', value), 'record'],
  ['an id in the history', (value: string) => stage.worker.redis.zadd(keys.history, 0, value), 'history'],
  ['a freeze', (value: string) => stage.worker.redis.set(keys.freeze(hello), value), 'freeze'],
  ['a claim', (value: string) => stage.worker.redis.set(keys.claim(claim), value), 'claim'],
  ['a join key', (value: string) => stage.worker.redis.set(keys.joinKey(queue, digest), value), 'join key'],
] as const)('answers as ever, or 503, whatever text stands for %s', async (_, write, place) => {
  const property = fc.asyncProperty(text, async (value) => {
    // That can be read: there is no such service.
    fc.pre(value !== '[]')
    await write(value)
    expect(await wrongAnswers(place)).toEqual([])
  })
  await fc.assert(property, { numRuns: 15 })
})

it.each(['', '{', 'null', '{}', '{"id": "x"}', JSON.stringify({ ...hello, id: 'x' })])(
  'puts another job on the queue when one that nobody has confirmed holds %j',
  async (data) => {
    const { port, worker } = stage
    const lost = await open(port, 'POST /hello', { token })
    const id = String(lost.headers['job-id'])
    await worker.redis.del(keys.job(id))
    await worker.redis.hset(keys.queued(queue, id), 'data', data)
    const answer = await open(port, 'POST /hello', { token })
    expect(answer.status).toBe(200)
    expect(answer.headers['job-id']).not.toBe(id)
    lost.leave()
    answer.leave()
  },
)

it('deploys nothing while it cannot read whether the service is frozen', async () => {
  await stage.worker.redis.set(keys.freeze(hello), '{"by": "another version"}')
  const answer = await ask(stage.port, 'POST /hello', { token })
  expect({ ...parse(answer), headers: answer.headers }).toMatchObject({
    status: 503,
    code: 'redis_unavailable',
    headers: { 'retry-after': expect.any(String) as string },
  })
})

// 303: no verdict yet. 404: not frozen. 409: the job has ended, or the claim is one for another service. A record that names no job is none, and
// one that names another exit code is believed: 424.
const asEver = [200, 202, 303, 404, 409, 503]
const toAStranger = [401, 503]

async function wrongAnswers(place: Place): Promise<string[]> {
  const wrong: string[] = []
  async function look(asked: string, sent: string, right: readonly number[]) {
    const headers = { 'idempotency-key': place === 'claim' ? 'key' : String(Math.random()) }
    const answer = await open(stage.port, asked.replace('JOB', job), { token: sent, headers })
    answer.leave()
    if (!right.includes(answer.status)) wrong.push(`${asked} with ${sent} ${answer.status}`)
  }
  for (const asked of requests) {
    await look(asked, token, [...asEver, ...(place === 'record' ? [401, 424] : [])])
    await look(asked, 'wrong', isForAll(asked) ? [200, 503] : toAStranger)
  }
  return wrong
}

function isForAll(asked: string) {
  return asked === 'GET /readyz' || asked === 'GET /healthz'
}

async function put(key: string, type: (typeof types)[number], value: string) {
  const { redis } = stage.worker
  await redis.del(key)
  if (type === 'string') await redis.set(key, value)
  else if (type === 'hash') await redis.hset(key, '1', value)
  else if (type === 'list') await redis.rpush(key, value)
  else if (type === 'set') await redis.sadd(key, value)
  else if (type === 'zset') await redis.zadd(key, 1, value)
  else await redis.xadd(key, '1-0', 'v', value)
}
