import type { Redis } from 'ioredis'
import type { JobId } from '../contract/job.ts'
import { keys } from '../redis/keys.ts'
import { continueAt } from './continue-at.ts'
import { createFollower, type Doorbell } from './follower.ts'
import type { LogEvent, LogReader } from './log.ts'
import { toEvent, type StreamEntry } from './redis-log-entry.ts'

/** Entries read at once. A slow follower holds one page in memory, and an entry may have 64 KiB. */
const pageSize = 20

/** `redis` reads; `subscriber` is a connection of its own that only listens. */
export function createLogReader(redis: Redis, subscriber: Redis): LogReader {
  const doorbells = new Map<string, Set<Doorbell>>()

  subscriber.on('message', (channel: string, message: string) => {
    const event = parseMessage(message)
    for (const ring of doorbells.get(channel) ?? []) ring(event)
  })
  // What was published while the connection was away is in the stream: everybody looks there, once we listen again.
  subscriber.on('ready', () => {
    if (doorbells.size > 0) subscriber.subscribe(...doorbells.keys()).then(ringAll, ringAll)
  })

  function ringAll() {
    for (const rings of doorbells.values()) for (const ring of rings) ring(undefined)
  }

  async function subscribe(channel: string, ring: Doorbell) {
    const rings = doorbells.get(channel) ?? new Set()
    doorbells.set(channel, rings.add(ring))
    // Also for the second follower: the first one's SUBSCRIBE may still be under way, and answers come in order.
    await subscriber.subscribe(channel)
  }

  function unsubscribe(channel: string, ring: Doorbell) {
    const rings = doorbells.get(channel)
    rings?.delete(ring)
    if (rings?.size !== 0) return
    doorbells.delete(channel)
    subscriber.unsubscribe(channel).catch(() => {
      // The connection is away; when it is back it will not ask for this channel again.
    })
  }

  /** Empty only at the end: a page of nothing but foreign entries is no end. */
  async function page(job: JobId, from: number): Promise<LogEvent[]> {
    for (let start = String(from); ;) {
      const entries = await redis.xrange(keys.log(job), start, '+', 'COUNT', pageSize)
      const events = toEvents(entries)
      const last = entries.at(-1)
      if (events.length > 0 || last === undefined) return events
      start = `(${last[0]}`
    }
  }

  /** The entry that holds line `from` may begin before it. */
  async function firstPage(job: JobId, from: number): Promise<LogEvent[]> {
    const before = from > 1 ? await redis.xrevrange(keys.log(job), from - 1, '-', 'COUNT', 1) : []
    return [...toEvents(before), ...(await page(job, from))]
  }

  return {
    follow(job, from) {
      const channel = keys.logChannel(job)
      return createFollower({
        from,
        read: (next, isFirst) => (isFirst ? firstPage(job, next) : page(job, next)),
        subscribe: (ring) => subscribe(channel, ring),
        unsubscribe: (ring) => unsubscribe(channel, ring),
      })
    },

    async *read(job, from) {
      let next = from
      for (let events = await firstPage(job, from); events.length > 0; events = await page(job, next)) {
        for (const event of events) {
          const fresh = continueAt(next, event)
          next = fresh.next
          yield* fresh.events
          if (event.kind === 'verdict') return
        }
      }
    },
  }
}

/** What is none of ours is left out. */
function toEvents(entries: readonly StreamEntry[]): LogEvent[] {
  return entries.map(toEvent).filter((event) => event !== undefined)
}

function parseMessage(message: string): LogEvent | undefined {
  const end = message.indexOf('\n')
  const first = Number(message.slice(0, end))
  // The verdict is always read from the stream, where all lines before it stand too.
  return Number.isNaN(first) || end < 0
    ? undefined
    : { kind: 'lines', first, lines: message.slice(end + 1).split('\n') }
}
