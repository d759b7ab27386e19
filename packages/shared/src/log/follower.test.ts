import { describe, expect, it, vi } from 'vitest'
import { createFollower, type Doorbell } from './follower.ts'
import type { LogEvent } from './log.ts'

const verdict: LogEvent = {
  kind: 'verdict',
  verdict: { state: 'succeeded', exitCode: 0, started: true },
}

describe('a follower', () => {
  it('looks into the stream once it listens, so that nothing between is lost', async () => {
    const { follower, connect, store } = setUp()
    store.push(lines(1, 'a'))
    const next = follower.next()
    connect()
    expect(await next).toEqual([lines(1, 'a')])
  })

  it('takes lines from the doorbell without a look into the stream when they follow what it has', async () => {
    const { follower, ring, read } = await listening()
    const reads = read.mock.calls.length
    ring(lines(1, 'a'))
    ring(lines(2, 'b', 'c'))
    expect(await follower.next()).toEqual([lines(1, 'a'), lines(2, 'b', 'c')])
    expect(read.mock.calls.length).toBe(reads)
  })

  it('goes back to the stream when the doorbell has missed something', async () => {
    const { follower, ring, store } = await listening()
    store.push(lines(1, 'a'), lines(2, 'b'), lines(3, 'c'))
    ring(lines(3, 'c'))
    expect(await follower.next()).toEqual([lines(1, 'a'), lines(2, 'b'), lines(3, 'c')])
  })

  it('shows what comes over both ways once', async () => {
    const { follower, ring, store } = await listening()
    store.push(lines(1, 'a'), lines(2, 'b'))
    ring(lines(1, 'a'))
    ring(undefined)
    ring(lines(2, 'b'))
    const seen = [...(await follower.next()), ...(await follower.next(0))]
    expect(seen).toEqual([lines(1, 'a'), lines(2, 'b')])
  })

  it('waits for no more than it is told', async () => {
    const { follower } = await listening()
    expect(await follower.next(5)).toEqual([])
  })

  it('finds in the stream what the doorbell did not ring for', async () => {
    const { follower, store } = await listening()
    store.push(lines(1, 'a'))
    expect(await follower.next(5)).toEqual([lines(1, 'a')])
  })

  it('has nothing after the verdict', async () => {
    const { follower, ring, store } = await listening()
    store.push(lines(1, 'a'), verdict)
    ring(undefined)
    expect(await follower.next()).toEqual([lines(1, 'a'), verdict])
    expect(await follower.next()).toEqual([])
  })

  it('tries again when the stream cannot be read', async () => {
    const { follower, ring, store, read } = await listening()
    read.mockRejectedValueOnce(new Error('Connection is closed.'))
    store.push(lines(1, 'a'))
    ring(undefined)
    expect(await follower.next()).toEqual([lines(1, 'a')])
  })

  it('keeps little in memory while nobody asks, and loses nothing by that', async () => {
    const { follower, ring, store } = await listening()
    const all = Array.from({ length: 1000 }, (_, index) => lines(index + 1, 'x'.repeat(10_000)))
    for (const event of all) {
      store.push(event)
      ring(event)
    }
    const kept = await follower.next()
    expect(JSON.stringify(kept).length).toBeLessThan(300_000)

    const seen = [...kept]
    while (seen.length < all.length) seen.push(...(await follower.next()))
    expect(seen).toEqual(all)
  })

  it('gives up its doorbell, and whoever waits, when it is closed', async () => {
    const { follower, unsubscribe } = await listening()
    const next = follower.next()
    follower.close()
    expect(await next).toEqual([])
    expect(unsubscribe).toHaveBeenCalled()
  })
})

/** A stream in memory that is read in pages of three, and a doorbell in the hand of the test. */
function setUp(from = 1) {
  const store: LogEvent[] = []
  let ring: Doorbell = () => {}
  let connect = () => {}
  const connected = new Promise<void>((resolve) => (connect = resolve))
  const read = vi.fn<(next: number) => Promise<LogEvent[]>>((next) =>
    Promise.resolve(store.filter((event) => event.kind !== 'lines' || event.first >= next).slice(0, 3)),
  )
  const unsubscribe = vi.fn<() => void>()
  const follower = createFollower({
    from,
    read,
    subscribe(doorbell) {
      ring = doorbell
      return connected
    },
    unsubscribe,
  })
  return { follower, store, read, connect, unsubscribe, ring: (event: LogEvent | undefined) => ring(event) }
}

async function listening() {
  const stage = setUp()
  stage.connect()
  await stage.follower.next(5)
  return stage
}

function lines(first: number, ...all: string[]): LogEvent {
  return { kind: 'lines', first, lines: all }
}
