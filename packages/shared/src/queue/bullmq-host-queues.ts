import { Job, type Queue, type Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import { jobId, jobRequest, type JobRequest } from '../contract/job.ts'
import { queueName } from '../contract/service.ts'
import { keys } from '../redis/keys.ts'
import { script } from '../redis/script.ts'
import { complete, createFetcher, createQueue, fetchNext, type WaitingJob } from './bullmq-queues.ts'
import type { HostQueues } from './queue.ts'
import { release } from './release.ts'

const withWorkScript = script(`
local found = {}
for index, key in ipairs(KEYS) do
  if redis.call('LLEN', key) > 0 then found[#found + 1] = math.ceil(index / 2) end
end
return found
`)

/** `subscriber` is a connection of its own that only listens. */
export function createHostQueues(redis: Redis, subscriber: Redis, logger: Logger): HostQueues {
  const fetchers = new Map<string, Worker>()
  const queues = new Map<string, Queue>()

  const fetcherOf = remember(fetchers, (name) => createFetcher(name, redis))
  const queueOf = remember(queues, (name) => createQueue(name, redis))

  /** Whoever can write to Redis can put anything on a queue: what is no request of ours is taken off it. */
  async function parse(job: WaitingJob): Promise<JobRequest | undefined> {
    const parsed = jobRequest.safeParse(job.data)
    if (parsed.success && parsed.data.id === job.id && queueName(parsed.data) === job.queueName) {
      return parsed.data
    }
    logger.warn(
      { queue: job.queueName, entry: job.id },
      'Took something off the queue that is no deploy request',
    )
    await complete(job)
    return undefined
  }

  /** BullMQ throws at a job that is no JSON, and leaves it among those at work, where it would be in the way for ever. */
  async function withoutUnreadable<Value>(queue: string, read: () => Promise<Value>): Promise<Value> {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof SyntaxError) || !(await dropUnreadable(queue))) throw error
      return withoutUnreadable(queue, read)
    }
  }

  /** Resolves to whether there was one. */
  async function dropUnreadable(queue: string): Promise<boolean> {
    for (const id of await redis.lrange(keys.active(queue), 0, '-1')) {
      if (await isReadable(queueOf(queue), id)) continue
      logger.warn({ queue, entry: id }, 'Took something off the queue that cannot be read')
      await redis.multi().lrem(keys.active(queue), 0, id).del(keys.queued(queue, id)).exec()
      return true
    }
    return false
  }

  return {
    async fetch(queue) {
      for (;;) {
        const job = await withoutUnreadable(queue, () => fetchNext(fetcherOf(queue)))
        if (!job) return undefined
        const request = await parse(job)
        if (request) return request
      }
    },

    async fetched(queue) {
      const jobs = await withoutUnreadable(queue, () => queueOf(queue).getJobs(['active']))
      const requests = await Promise.all(jobs.map(parse))
      return requests.filter((request) => request !== undefined)
    },

    releaseJoinKey: (request) => release(redis, request),

    async finish(request) {
      const find = () => Job.fromId(queueOf(queueName(request)), request.id)
      const job = await find()
      if (!job) return
      await complete(job).catch(async (error: unknown) => {
        // A command whose answer was lost is sent again, and then finds its work done.
        if (await find()) throw error
      })
    },

    async withWork(names) {
      if (names.length === 0) return []
      const found = (await withWorkScript(
        redis,
        names.flatMap((name) => [keys.waiting(name), keys.active(name)]),
        [],
      )) as number[]
      return [...new Set(found)].flatMap((index) => names[index - 1] ?? [])
    },

    onKick: (host, listener) => listen(keys.kicks(host), listener),

    onCancel: (host, listener) =>
      listen(keys.cancels(host), (id) => {
        const parsed = jobId.safeParse(id)
        if (parsed.success) listener(parsed.data)
      }),
  }

  /** Calls back with nothing when messages may have been lost: at the start, and when the connection is back. */
  async function listen(channel: string, listener: (message: string | undefined) => void) {
    subscriber.on('message', (from: string, message: string) => {
      if (from === channel) listener(message)
    })
    subscriber.on('ready', () => {
      const look = () => listener(undefined)
      subscriber.subscribe(channel).then(look, look)
    })
    await subscriber.subscribe(channel)
    listener(undefined)
  }
}

async function isReadable(queue: Queue, id: string): Promise<boolean> {
  try {
    await Job.fromId(queue, id)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

function remember<Value>(known: Map<string, Value>, create: (name: string) => Value) {
  return (name: string): Value => {
    const value = known.get(name) ?? create(name)
    known.set(name, value)
    return value
  }
}
