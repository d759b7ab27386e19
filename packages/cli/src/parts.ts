import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { stopOnSignal, type Running } from '@redeployster/shared/runtime/shutdown'

/** What a command has started, by name, with the time in which it is to stop. */
export interface Part {
  readonly name: string
  readonly running: Running
  readonly mostStoppingMs: number
}

export type AddPart = (part: Part) => void

/** Runs a command: `start` adds its parts one by one; a signal stops them, and so does its failure, even a late one. */
export async function runParts(logger: Logger, start: (add: AddPart) => Promise<void>): Promise<void> {
  const parts = createParts(logger)
  stopOnSignal(parts, logger)
  endOnBug(logger)
  try {
    await start(parts.add)
  } catch (error) {
    // A start that a signal has interrupted is no failure.
    if (parts.isStopping()) return
    await parts.stop()
    throw error
  }
}

/** Stops in the reverse order of the start, one after the other. */
export function createParts(logger: Logger) {
  const parts: Part[] = []
  let stopping: Promise<void> | undefined

  async function stopAll() {
    for (const part of parts.reverse()) await stopInTime(part, logger)
  }

  return {
    add(part: Part) {
      if (stopping) void stopInTime(part, logger)
      else parts.push(part)
    },
    stop: () => (stopping ??= stopAll()),
    isStopping: () => stopping !== undefined,
  }
}

/** A part that hangs or fails must not keep the others from stopping. */
async function stopInTime({ name, running, mostStoppingMs }: Part, logger: Logger): Promise<void> {
  try {
    const late = delay(mostStoppingMs, 'late' as const, { ref: false })
    const stopped = await Promise.race([running.stop(), late])
    if (stopped === 'late') logger.warn({ part: name, mostStoppingMs }, 'A part did not stop in time')
  } catch (error) {
    logger.error({ err: error, part: name }, 'A part did not stop in order')
  }
}

/** Nobody knows what still works after a bug, so the process ends, and what runs detached lives on. */
export function endOnBug(logger: Logger): void {
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'Unexpected error; ending')
    process.exit(1)
  })
}
