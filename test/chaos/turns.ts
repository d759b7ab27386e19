export type TakeTurn = (thing: string, act: () => Promise<void>) => Promise<void>

/** Lets those who want the same thing have it one after the other, in the order in which they ask. */
export function createTurns(): TakeTurn {
  const last = new Map<string, Promise<void>>()
  return (thing, act) => {
    const turn = (last.get(thing) ?? Promise.resolve()).then(act)
    last.set(thing, turn)
    return turn
  }
}
