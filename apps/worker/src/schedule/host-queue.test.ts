import type { JobRequest } from '@redeployster/shared/contract/job'
import { queueName } from '@redeployster/shared/contract/service'
import type { HostQueues } from '@redeployster/shared/queue/queue'
import { requestOf } from '@redeployster/shared/testing/requests'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createHostQueue, type HostQueue } from './host-queue.ts'
import { createSchedule } from './schedule.ts'

const slots = 2

let waiting: JobRequest[]
let fetched: JobRequest[]
let queue: HostQueue
let stopping: AbortController
/** How to end each deploy that has begun, by the job's id. */
let atWork: Map<string, { end(): void; fail(): void }>

const queues: HostQueues = {
  fetch: async (name) => {
    const found = waiting.find((request) => queueName(request) === name)
    waiting = waiting.filter((request) => request !== found)
    return found
  },
  fetched: async (name) => fetched.filter((request) => queueName(request) === name),
  withWork: async (names) =>
    names.filter((name) => [...waiting, ...fetched].some((request) => queueName(request) === name)),
  releaseJoinKey: async () => {},
  finish: async () => {},
  onKick: async () => {},
  onCancel: async () => {},
}

beforeEach(() => {
  waiting = []
  fetched = []
  atWork = new Map()
  stopping = new AbortController()
  const schedule = createSchedule(slots, () => queue.pump())
  queue = createHostQueue({
    queues,
    schedule,
    deploy: ({ id }) =>
      new Promise((end, fail) => atWork.set(id, { end, fail: () => fail(new Error('no')) })),
    logger: pino({ level: 'silent' }),
    signal: stopping.signal,
  })
})

const request = requestOf('shop/hello')
const name = queueName(request)

/** Puts requests on their queues, which are known, and kicks them. */
function add(...requests: readonly JobRequest[]) {
  waiting.push(...requests)
  queue.know(requests.map(queueName))
  for (const request of requests) queue.kick(queueName(request))
}

const begun = (...requests: readonly JobRequest[]) =>
  vi.waitFor(() => expect([...atWork.keys()]).toEqual(requests.map(({ id }) => id)))

describe('the jobs of a service', () => {
  const [first, second] = [requestOf('shop/hello'), requestOf('shop/hello')]

  it('are fetched when it is kicked', async () => {
    queue.know([name])
    waiting = [request]
    queue.kick(name)
    await expect.poll(() => [...atWork.keys()]).toEqual([request.id])
  })

  it('are fetched when it comes to be known, if they waited', async () => {
    waiting = [request]
    queue.kick(name)
    await turn()
    expect(atWork.size).toBe(0)
    queue.know([name])
    await expect.poll(() => [...atWork.keys()]).toEqual([request.id])
  })

  it('are at work one after the other, in their order', async () => {
    add(first, second)
    await begun(first)
    await turn()
    expect(waiting).toEqual([second])
    atWork.get(first.id)!.end()
    await expect.poll(() => [...atWork.keys()]).toEqual([first.id, second.id])
  })

  it('wait for one of an earlier worker, and are fetched as soon as that has ended', async () => {
    let end = () => {}
    queue.know([name])
    queue.occupy(name, new Promise<void>((resolve) => (end = resolve)))
    add(request)
    await turn()
    expect(waiting).toEqual([request])
    end()
    await expect.poll(() => [...atWork.keys()]).toEqual([request.id])
  })

  it('that were fetched, but never begun, come first', async () => {
    fetched = [first]
    waiting = [second]
    queue.know([name])
    await begun(first)
    fetched = []
    atWork.get(first.id)!.end()
    await expect.poll(() => [...atWork.keys()]).toEqual([first.id, second.id])
  })

  it('that were fetched while the answer was lost come before those behind them', async () => {
    const fetch = vi.spyOn(queues, 'fetch').mockImplementationOnce(async () => {
      fetched = [first]
      throw new Error('Redis is away')
    })
    queue.know([name])
    queue.kick(name)
    await vi.waitFor(() => expect(fetch).toHaveBeenCalled())
    await turn()
    add(second)
    await begun(first)
    fetch.mockRestore()
  })

  it('that nobody works on are looked for while another one is at work, too', async () => {
    const withWork = vi.spyOn(queues, 'withWork')
    add(first)
    await begun(first)
    fetched = [second]
    queue.kick()
    await vi.waitFor(() => expect(withWork).toHaveLastReturnedWith(expect.anything()))
    await turn()
    waiting = [requestOf('shop/hello')]
    atWork.get(first.id)!.end()
    await begun(first, second)
    withWork.mockRestore()
  })

  it('are fetched also after one that could not be worked on', async () => {
    add(first, second)
    await begun(first)
    atWork.get(first.id)!.fail()
    await expect.poll(() => [...atWork.keys()]).toEqual([first.id, second.id])
  })
})

describe('the jobs of all services', () => {
  const requests = ['shop/a', 'shop/b', 'blog/a', 'blog/b'].map((service) => requestOf(service))
  const [a, b, c, d] = requests as [JobRequest, JobRequest, JobRequest, JobRequest]

  it('are at work at the same time, as many as there are slots', async () => {
    add(a, b, c, d)
    await begun(a, b)
    await turn()
    expect(waiting).toEqual([c, d])
    atWork.get(b.id)!.end()
    await begun(a, b, c)
    atWork.get(a.id)!.end()
    await begun(a, b, c, d)
    expect(waiting).toEqual([])
  })

  it('find a slot also after queues that were empty, or could not be asked', async () => {
    vi.spyOn(queues, 'fetch')
      .mockRejectedValueOnce(new Error('Redis is away'))
      .mockResolvedValueOnce(undefined)
    queue.know(requests.map(queueName))
    queue.kick(queueName(a))
    queue.kick(queueName(b))
    await turn()
    add(c, d)
    await expect.poll(() => [...atWork.keys()]).toEqual([c.id, d.id])
    vi.restoreAllMocks()
  })

  it('are not fetched any more when the worker stops', async () => {
    stopping.abort()
    add(a, b)
    await turn()
    expect(waiting).toEqual([a, b])
  })
})

it('leaves a job to the next worker that it was handed only after it was told to stop', async () => {
  queue.know([name])
  waiting.push(request)
  queue.kick(name)
  stopping.abort()
  await vi.waitFor(() => expect(waiting).toEqual([]))
  await turn()
  expect([...atWork.keys()]).toEqual([])
})
