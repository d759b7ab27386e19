import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Argv } from '../compose/command.ts'
import { withDescriptor } from './descriptors.ts'
import { runQuietly } from './run-quietly.ts'
import type { Run } from './runners.ts'

/** How a step ended: with an exit code; `lost`: its runner died without one; `not-started`: it never ran. */
export type StepEnd = number | 'lost' | 'not-started'

/**
 * Runs a command by a runner of its own, detached and with its output in a file of the step's folder. Resolves when
 * it has ended. If a runner is or was at work in that folder, waits for that one's end instead: a step never runs twice.
 */
export async function runStep(folder: string, argv: Argv, run: Run): Promise<StepEnd> {
  const wasLeftAlone = await run(folder, argv)
  const end = await endOfStep(folder)
  if (end !== 'not-started' || wasLeftAlone) return end
  // The runner was killed before it had begun, perhaps long ago, while it waited for a step.
  await run(folder, argv)
  return endOfStep(folder)
}

/** Waits for the end of a step that has been started. */
export async function endOfStep(folder: string): Promise<StepEnd> {
  const known = await readExitCode(folder)
  if (known !== undefined) return known
  await lockIsFree(path.join(folder, 'alive'))
  const code = await readExitCode(folder)
  if (code !== undefined) return code
  // Where somebody has removed the folder, nothing can be concluded from what is not in it.
  return (await isStarted(folder)) || !(await isThere(folder)) ? 'lost' : 'not-started'
}

const askAgainMs = 500

/** A killed shell may have left compose behind, which holds the lock as long as it lives. */
async function lockIsFree(file: string): Promise<void> {
  for (;;) {
    // Whoever could not ask, for want of a descriptor or a process, knows nothing.
    if ((await runQuietly('flock', [file, 'true'])) === 0 || !(await isThere(file))) return
    await delay(askAgainMs)
  }
}

export async function isStarted(folder: string): Promise<boolean> {
  return isThere(path.join(folder, 'started'))
}

async function isThere(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  )
}

/** Of a step that has ended. */
export async function readExitCode(folder: string): Promise<number | undefined> {
  try {
    const text = await withDescriptor(() => fs.readFile(path.join(folder, 'exit'), 'utf8'))
    // Empty while it runs, and so after a power cut; what is no whole line, or none of ours, tells nothing.
    const [, code] = /^(\d{1,3})\n$/.exec(text) ?? []
    return code === undefined ? undefined : Number(code)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`Cannot read how the step in ${folder} ended`, { cause: error })
  }
}
