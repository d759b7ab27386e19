import { toHostId } from '@redeployster/shared/contract/service'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { takeEngineLock } from './engine-lock.ts'
import { startScript } from './testing/start-script.ts'

/** An engine that no other test knows. */
const newEngine = () => toHostId(randomUUID())

/** Asks for the lock from this process. */
function ask(engine = newEngine(), signal = new AbortController().signal) {
  const holders: string[] = []
  const warn = ({ holder }: { holder: string }) => holders.push(holder)
  const taken = takeEngineLock(engine, { warn } as unknown as Logger, signal)
  return {
    taken,
    /** What it said of who holds the lock. */
    holders,
    hasToWait: () => vi.waitFor(() => expect(holders).not.toEqual([]), { timeout: 20_000, interval: 10 }),
  }
}

/** Another process that holds the lock until it is killed. */
async function startHolder(engine: string) {
  const holder = startScript(`
    const { takeEngineLock } = await load('engine-lock.ts')
    await takeEngineLock('${engine}', console, new AbortController().signal)
    console.log('holds it, pid ' + process.pid)
    setInterval(() => {}, 1000)
  `)
  await holder.prints('holds it')
  return holder
}

describe('the lock of an engine', () => {
  it('is held by one worker; the next one says who that is, and takes over when it is killed', async () => {
    const engine = newEngine()
    const holder = await startHolder(engine)
    const next = ask(engine)
    await next.hasToWait()
    expect(next.holders).toEqual([expect.stringMatching(/^pid \d+, since 20\d\d-\d\d-\d\dT/)])
    await holder.prints(String(/pid \d+/.exec(next.holders.join())))
    holder.signal('SIGKILL')
    await expect(next.taken).resolves.toBeDefined()
  })

  it('is waited for also when its holder is frozen', async () => {
    const engine = newEngine()
    const holder = await startHolder(engine)
    holder.signal('SIGSTOP')
    const next = ask(engine)
    await next.hasToWait()
    expect(next.holders).toEqual(['a process that does not answer'])
    holder.signal('SIGKILL')
    await expect(next.taken).resolves.toBeDefined()
  })

  it('goes to the next one when its holder lets go of it', async () => {
    const engine = newEngine()
    const lock = await ask(engine).taken
    const next = ask(engine)
    await next.hasToWait()
    lock.release()
    await expect(next.taken).resolves.toBeDefined()
  })

  it('goes to one after the other of all that wait', async () => {
    const engine = newEngine()
    const lock = await ask(engine).taken
    const waiting = [ask(engine), ask(engine), ask(engine)]
    await Promise.all(waiting.map(({ hasToWait }) => hasToWait()))
    let holders = 0
    const turns = waiting.map(async ({ taken }) => {
      const won = await taken
      expect(++holders).toBe(1)
      await turn()
      holders--
      won.release()
    })
    lock.release()
    await Promise.all(turns)
  })

  it('is another one for another engine', async () => {
    expect(await Promise.all([ask().taken, ask().taken])).toHaveLength(2)
  })

  it('is no longer waited for by a worker that stops', async () => {
    const engine = newEngine()
    const lock = await ask(engine).taken
    const stopping = new AbortController()
    const next = ask(engine, stopping.signal)
    await next.hasToWait()
    stopping.abort()
    await expect(next.taken).rejects.toThrow('aborted')
    lock.release()
  })
})
