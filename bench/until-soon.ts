import { setTimeout as delay } from 'node:timers/promises'

const pollMs = 5
const withinMs = 30_000

/** As `until` of the tests, but asking so often that the moment of the answer can be taken for the moment itself. */
export async function untilSoon(what: string, ask: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = performance.now() + withinMs; performance.now() < end; await delay(pollMs)) {
    if (await ask()) return
  }
  throw new Error(`Waited ${withinMs} ms in vain for: ${what}`)
}
