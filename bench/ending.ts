/** Remembers how to undo what has just been started, for the end of the case, however it comes. */
export type AtEnd = (undo: () => unknown) => void

export interface Ending {
  readonly atEnd: AtEnd
  /** Undoes all of it, the last first. What fails does not keep the others from being undone. */
  clear(): Promise<void>
}

export function createEnding(): Ending {
  const undos: (() => unknown)[] = []
  let clearing: Promise<void> | undefined
  let isOver = false

  async function undoAll() {
    const errors: unknown[] = []
    for (let undo = undos.pop(); undo; undo = undos.pop()) {
      try {
        await undo()
      } catch (error) {
        errors.push(error)
      }
    }
    isOver = true
    if (errors.length > 0) throw new AggregateError(errors, `Cannot clear away: ${errors.join('; ')}`)
  }

  return {
    atEnd(undo) {
      // A signal came while it was being started.
      if (isOver) void undo()
      else undos.push(undo)
    },
    clear: () => (clearing ??= undoAll()),
  }
}
