import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runQuietly } from './run-quietly.ts'

const patienceMs = 30_000
const askAgainMs = 50

/**
 * Asks a step to end: SIGINT to its whole process group, as Ctrl-C would, and SIGKILL 30 s later. Compose then leaves
 * things as they are, perhaps half done. `ended` says when that is not needed any more.
 */
export async function stopStep(
  folder: string,
  ended: Promise<unknown>,
  patience = patienceMs,
): Promise<void> {
  let isOver = false
  const over = ended.finally(() => {
    isOver = true
  })
  // A runner that is about to start cannot be asked yet.
  while (!(await signalGroup(folder, 'SIGINT')) && !isOver) await Promise.race([over, delay(askAgainMs)])
  const timer = setTimeout(() => void signalGroup(folder, 'SIGKILL'), patience)
  await over.finally(() => clearTimeout(timer))
}

/** Resolves to whether there was somebody to get the signal. */
async function signalGroup(folder: string, signal: NodeJS.Signals): Promise<boolean> {
  const group = Number.parseInt(await fs.readFile(path.join(folder, 'started'), 'utf8').catch(() => ''), 10)
  // A number is only safe to use while somebody of that group holds the lock.
  if (!Number.isInteger(group) || group <= 1 || !(await isRunning(folder))) return false
  try {
    return process.kill(-group, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** What `flock -n` says then. */
const isHeld = 1

async function isRunning(folder: string): Promise<boolean> {
  return (await runQuietly('flock', ['-n', path.join(folder, 'alive'), 'true'])) === isHeld
}
