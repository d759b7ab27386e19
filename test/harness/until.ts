import { setTimeout as delay } from 'node:timers/promises'

/** Asks again and again until there is an answer, for at most `withinMs`. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | false | undefined> | Answer | false | undefined,
  withinMs = 90_000,
): Promise<Answer> {
  for (const end = Date.now() + withinMs; Date.now() < end; await delay(25)) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
  }
  throw new Error(`Waited ${withinMs} ms in vain for: ${what}`)
}
