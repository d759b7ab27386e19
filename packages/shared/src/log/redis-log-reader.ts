import type { Redis } from 'ioredis'
import type { JobId } from '../contract/job.ts'
import { keys } from '../redis/keys.ts'
import { continueAt } from './continue-at.ts'
import { createFollower, type Doorbell } from './follower.ts'
import type { LogEvent, LogReader } from './log.ts'
import { toEvent, type StreamEntry } from './redis-log-entry.ts'
import { shareAtOnce } from './share-at-once.ts'

/** Entries read at once. A slow follower holds one page in memory, and an entry may have 64 KiB. */
const pageSize = 20

/** Those who listen to one log. */
interface Channel {
  readonly doorbells: Set<Doorbell>
  /** Settles when Redis has answered the first of them. */
  readonly subscribed: Promise<unknown>
}

/** `redis` reads; `subscriber` is a connection of its own that only listens. */
export function createLogReader(redis: Redis, subscriber: Redis): LogReader {
  const channels = new Map<string, Channel>()
  const atOnce = shareAtOnce()

  subscriber.on('message', (channel: string, message: string) => {
    const event = parseMessage(message)
    for (const ring of channels.get(channel)?.doorbells ?? []) ring(event)
  })
  // What was published while the connection was away is in the stream: everybody looks there, once we listen again.
  subscriber.on('ready', () => {
    if (channels.size > 0) subscriber.subscribe(...channels.keys()).then(ringAll, ringAll)
  })

  function ringAll() {
    for (const { doorbells } of channels.values()) for (const ring of doorbells) ring(undefined)
  }

  async function subscribe(name: string, ring: Doorbell) {
    const channel = channels.get(name) ?? { doorbells: new Set(), subscribed: subscriber.subscribe(name) }
    channels.set(name, channel)
    channel.doorbells.add(ring)
    // Also for the second follower: that of the first one may still be under way.
    await channel.subscribed
  }

  function unsubscribe(channel: string, ring: Doorbell) {
    const doorbells = channels.get(channel)?.doorbells
    doorbells?.delete(ring)
    if (doorbells?.size !== 0) return
    channels.delete(channel)
    subscriber.unsubscribe(channel).catch(() => {
      // The connection is away; when it is back it will not ask for this channel again.
    })
  }

  /** Empty only at the end: a page of nothing but foreign entries is no end. */
  async function page(job: JobId, from: number): Promise<readonly LogEvent[]> {
    for (let start = String(from); ;) {
      const key = keys.log(job)
      const { events, last } = await atOnce(`${start} ${key}`, async () => {
        const entries = await redis.xrange(key, start, '+', 'COUNT', pageSize)
        return { events: toEvents(entries), last: entries.at(-1)?.[0] }
      })
      if (events.length > 0 || last === undefined) return events
      start = `(${last}`
    }
  }

  /** The entry that holds line `from` may begin before it. */
  async function firstPage(job: JobId, from: number): Promise<readonly LogEvent[]> {
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
      for (
        let events: readonly LogEvent[] = await firstPage(job, from);
        events.length > 0;
        events = await page(job, next)
      ) {
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
