import { Queue } from 'bullmq'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newJobId, type JobRequest } from '../contract/job.ts'
import { queueName, type HostId, type ServiceKey } from '../contract/service.ts'
import type { Redis } from '../redis/connect.ts'
import { keys, prefix } from '../redis/keys.ts'
import { openRedis, type OpenRedis } from '../testing/open-redis.ts'
import { keyOf, requestOf } from '../testing/requests.ts'
import { createHostQueues } from './bullmq-host-queues.ts'
import { createRequestQueue } from './bullmq-request-queue.ts'
import type { HostQueues, RequestQueue } from './queue.ts'

const logger = pino({ level: 'silent' })

let opened: OpenRedis
let redis: Redis
let subscriber: Redis
let requests: RequestQueue
let host: HostQueues
beforeAll(async () => {
  opened = await openRedis()
  redis = opened.connect()
  subscriber = opened.connect()
  requests = createRequestQueue(redis)
  host = createHostQueues(redis, subscriber, logger)
})
afterAll(() => opened.close())

describe('the queue of a service', () => {
  it('gives jobs out in the order in which they came, whoever asked', async () => {
    const asked = Array.from({ length: 20 }, (_, index) =>
      requestOf('shop/fifo', { tokenDigest: `${index}` }),
    )
    for (const request of asked) await requests.add(request)
    const fetched = await fetchAll('shop/fifo')
    expect(fetched).toEqual(asked)
  })

  it('is empty when it is empty, and does not wait', async () => {
    expect(await host.fetch(queueName(keyOf('shop/empty')))).toBeUndefined()
  })

  it('takes a request once, however often it is sent', async () => {
    const request = requestOf('shop/again')
    expect([await requests.add(request), await requests.add(request)]).toEqual([request.id, request.id])
    expect(await fetchAll('shop/again')).toEqual([request])
  })

  it('finds the request behind a job, also when it is at work, and no longer when it is finished', async () => {
    const request = requestOf('shop/find')
    await requests.add(request)
    expect(await requests.find(request, request.id)).toEqual(request)
    await host.fetch(queueName(request))
    expect(await requests.find(request, request.id)).toEqual(request)
    await host.finish(request)
    expect(await requests.find(request, request.id)).toBeUndefined()
    expect(await requests.find(request, newJobId())).toBeUndefined()
  })
})

describe('a job is shared', () => {
  it('by all requests with its token until its worker releases it, and by none after that', async () => {
    const [first, second, third, fourth] = four('shop/share')
    expect(await requests.add(first)).toBe(first.id)
    expect(await requests.add(second)).toBe(first.id)
    await host.fetch(queueName(first))
    expect(await requests.add(third)).toBe(first.id)
    await host.releaseJoinKey(first)
    expect(await requests.add(fourth)).toBe(fourth.id)
  })

  it('by one of many requests at the same time on several connections', async () => {
    const other = opened.connect()
    const both = [requests, createRequestQueue(other)]
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => both.map((queue) => queue.add(requestOf('shop/race')))).flat(),
    )
    expect(new Set(answers).size).toBe(1)
    expect((await fetchAll('shop/race')).map(({ id }) => id)).toEqual([answers[0]])
    other.disconnect()
  })

  it('not by requests with another token, nor for another service', async () => {
    const mine = requestOf('shop/mine')
    const others = [
      requestOf('shop/mine', { tokenDigest: 'another' }),
      requestOf('blog/mine'),
      requestOf('shop/mine', { host: keyOf('shop/mine', 'BETA').host }),
    ]
    await requests.add(mine)
    for (const other of others) expect(await requests.add(other)).toBe(other.id)
  })

  it('no longer once it is finished', async () => {
    const [first, second] = four('shop/finished')
    await requests.add(first)
    await host.fetch(queueName(first))
    await host.finish(first)
    expect(await requests.add(second)).toBe(second.id)
  })

  it('no longer once its join key is dropped, which only its holder can lose', async () => {
    const [first, second, third] = four('shop/drop')
    await requests.add(first)
    await requests.dropJoinKey(second, newJobId())
    expect(await requests.add(second)).toBe(first.id)
    await requests.dropJoinKey(second, first.id)
    expect(await requests.add(second)).toBe(second.id)
    await requests.dropJoinKey(second, first.id)
    expect(await requests.add(third)).toBe(second.id)
  })
})

describe("a host's worker", () => {
  const kick = (key: ServiceKey) => redis.publish(keys.kicks(key.host), queueName(key))

  it('hears of work when it is kicked, and looks for itself at first and after an outage', async () => {
    const heard: (string | undefined)[] = []
    const request = requestOf('shop/kick', { host: keyOf('shop/kick', 'KICKED').host })
    await host.onKick(request.host, (queue) => heard.push(queue))
    await kick(request)
    await expect.poll(() => heard).toEqual([undefined, queueName(request)])

    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await expect.poll(() => heard.length).toBe(3)
    expect(heard[2]).toBeUndefined()
    await kick(request)
    await expect.poll(() => heard[3]).toBe(queueName(request))
  })

  it('may finish a job once more, as when the answer to the first time was lost', async () => {
    const request = requestOf('shop/finished-again')
    await requests.add(request)
    await host.fetch(queueName(request))
    await Promise.all([host.finish(request), host.finish(request)])
    await host.finish(request)
    expect(await host.withWork([queueName(request)])).toEqual([])
  })

  it('does not hear of the work of other hosts', async () => {
    const heard: (string | undefined)[] = []
    await host.onKick('GAMMA' as HostId, (queue) => heard.push(queue))
    await kick(keyOf('shop/kick', 'DELTA'))
    await kick(keyOf('shop/kick', 'GAMMA'))
    await expect.poll(() => heard).toEqual([undefined, queueName(keyOf('shop/kick', 'GAMMA'))])
  })

  it('knows at once which queues have jobs that wait or are at work', async () => {
    const waiting = requestOf('shop/waiting')
    const working = requestOf('shop/working')
    const done = requestOf('shop/done')
    for (const request of [waiting, working, done]) await requests.add(request)
    await host.fetch(queueName(working))
    await host.fetch(queueName(done))
    await host.finish(done)
    const names = [waiting, done, working].map(queueName)
    expect(await host.withWork(names)).toEqual([names[0], names[2]])
    expect(await host.withWork([])).toEqual([])
  })

  it('finds what an earlier worker fetched, and can finish it', async () => {
    const [first, second] = [requestOf('shop/orphan'), requestOf('shop/orphan', { tokenDigest: 'another' })]
    for (const request of [first, second]) await requests.add(request)
    await host.fetch(queueName(first))

    const later = createHostQueues(redis, subscriber, logger)
    expect(await later.fetched(queueName(first))).toEqual([first])
    await later.finish(first)
    expect(await later.fetched(queueName(first))).toEqual([])
    expect(await later.fetch(queueName(first))).toEqual(second)
  })

  it.each<[string, (request: JobRequest) => object]>([
    ['nonsense', () => ({ hello: 'world' })],
    ['a request of another id', (request) => ({ ...request, id: newJobId() })],
    ['a request for another service', (request) => ({ ...request, service: 'other' })],
    ['a request without a proof', (request) => ({ ...request, proof: undefined })],
    ['a request with a path for a name', (request) => ({ ...request, project: '../../etc' })],
  ])('takes %s off the queue and goes on with the next job', async (_, forge) => {
    const queue = new Queue(queueName(keyOf('shop/forged')), {
      connection: redis,
      prefix,
      skipVersionCheck: true,
    })
    const forged = requestOf('shop/forged')
    await queue.add('deploy', forge(forged), { jobId: forged.id })
    const good = requestOf('shop/forged')
    await requests.add(good)
    expect(await host.fetch(queueName(good))).toEqual(good)
    expect(await queue.getJobs(['waiting', 'active', 'delayed'])).toHaveLength(1)
    await host.finish(good)
  })
})

// What we use of BullMQ beyond its documented surface: these fail when an update changes it.
describe('BullMQ', () => {
  it('opens no connection of its own, however many services there are', async () => {
    const before = await connections()
    for (let number = 0; number < 30; number++) {
      const request = requestOf(`shop/service-${number}`)
      await requests.add(request)
      await host.fetch(queueName(request))
      await host.releaseJoinKey(request)
      await host.finish(request)
    }
    expect(await connections()).toBe(before)
  })

  it('locks no job that is fetched with the token 0, so that none can be lost to a lock that expires', async () => {
    const request = requestOf('shop/lock')
    await requests.add(request)
    await host.fetch(queueName(request))
    expect(await redis.exists(`${prefix}:${queueName(request)}:${request.id}:lock`)).toBe(0)
    expect(await redis.lrange(keys.active(queueName(request)), 0, -1)).toEqual([request.id])
  })

  it('keeps nothing of a job that is finished, but for the short list of events', async () => {
    const request = requestOf('shop/rest')
    await requests.add(request)
    await host.fetch(queueName(request))
    await host.finish(request)
    const left = await redis.keys(`${prefix}:${queueName(request)}:*`)
    expect(left.map((key) => key.slice(key.lastIndexOf(':') + 1)).sort()).toEqual([
      'events',
      'id',
      'marker',
      'meta',
    ])
  })

  it('keeps the list of events short', async () => {
    for (let number = 0; number < 500; number++) await requests.add(requestOf('shop/events'))
    expect(await redis.xlen(`${prefix}:${queueName(keyOf('shop/events'))}:events`)).toBeLessThan(300)
  })
})

async function fetchAll(name: string): Promise<JobRequest[]> {
  const fetched: JobRequest[] = []
  for (;;) {
    const request = await host.fetch(queueName(keyOf(name)))
    if (!request) return fetched
    fetched.push(request)
  }
}

function four(name: string): [JobRequest, JobRequest, JobRequest, JobRequest] {
  return [requestOf(name), requestOf(name), requestOf(name), requestOf(name)]
}

async function connections(): Promise<number> {
  const list = String(await redis.client('LIST'))
  return list.trim().split('\n').length
}
