import type { JobRequest } from '@redeployster/shared/contract/job'
import { queueName } from '@redeployster/shared/contract/service'
import type { HostQueues } from '@redeployster/shared/queue/queue'
import { requestOf } from '@redeployster/shared/testing/requests'
import { pino } from 'pino'
import { beforeEach, expect, it, vi } from 'vitest'
import { createHostQueue, type HostQueue } from './host-queue.ts'
import { createSchedule } from './schedule.ts'

let waiting: JobRequest[]
let queue: HostQueue
let deployed: string[]

const queues: HostQueues = {
  fetch: async (name) => {
    const found = waiting.find((request) => queueName(request) === name)
    waiting = waiting.filter((request) => request !== found)
    return found
  },
  fetched: async () => [],
  withWork: async (names) => names.filter((name) => waiting.some((request) => queueName(request) === name)),
  releaseJoinKey: async () => {},
  finish: async () => {},
  onKick: async () => {},
  onCancel: async () => {},
}

beforeEach(() => {
  waiting = []
  deployed = []
  const schedule = createSchedule(2, () => queue.pump())
  queue = createHostQueue({
    queues,
    schedule,
    deploy: async ({ id }) => {
      deployed.push(id)
    },
    logger: pino({ level: 'silent' }),
    signal: new AbortController().signal,
  })
})

const request = requestOf('shop/hello')
const name = queueName(request)

it('fetches what has come to the queue of a service when it is kicked', async () => {
  queue.know([name])
  waiting = [request]
  queue.kick(name)
  await vi.waitFor(() => expect(deployed).toEqual([request.id]))
})

it('fetches what waited for a service when it comes to know of the service', async () => {
  waiting = [request]
  queue.kick(name)
  queue.know([name])
  await vi.waitFor(() => expect(deployed).toEqual([request.id]))
})

it('fetches what waits behind a job of an earlier worker as soon as that has ended', async () => {
  let end = () => {}
  queue.know([name])
  queue.occupy(name, new Promise<void>((resolve) => (end = resolve)))
  waiting = [request]
  queue.kick(undefined)
  end()
  await vi.waitFor(() => expect(deployed).toEqual([request.id]))
})
