import { Job, Queue, Worker, createRedisBackend } from 'bullmq'
import type { Redis } from 'ioredis'
import { prefix } from '../redis/keys.ts'

// All that we use of BullMQ beyond its documented surface stands here, and its test fails when it changes:
// the fourth argument of Worker (no blocking connection), and the token '0'.

/**
 * BullMQ's "no lock" token. A kernel lock makes sure that a host has one worker, and a lock in Redis could only
 * expire during a long deploy and report a success as lost.
 */
const noLock = '0'

const options = { prefix, skipVersionCheck: true } as const

export type WaitingJob = Job<unknown, unknown, string>

export function createQueue(name: string, redis: Redis): Queue {
  const queue = new Queue(name, {
    ...options,
    connection: redis,
    skipWaitingForReady: true,
    // Our own log tells what happened; BullMQ's is kept from growing to 1.1 MB a queue.
    streams: { events: { maxLen: 100 } },
    defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
  })
  queue.on('error', ignore)
  return queue
}

/** A Worker that only fetches when asked: no connection of its own, no timers. */
export function createFetcher(name: string, redis: Redis): Worker {
  const fetcher = new Worker(
    name,
    null,
    {
      ...options,
      connection: redis,
      autorun: false,
      skipStalledCheck: true,
      skipLockRenewal: true,
    },
    (queue, backendOptions) => createRedisBackend(queue, backendOptions),
  )
  fetcher.on('error', ignore)
  return fetcher
}

export function fetchNext(fetcher: Worker): Promise<WaitingJob | undefined> {
  return fetcher.getNextJob(noLock, { block: false })
}

export async function complete(job: WaitingJob): Promise<void> {
  await job.moveToCompleted(null, noLock, false)
}

/** Connection errors: the owner of the connection reports them, and each command fails or waits by itself. */
function ignore() {}
