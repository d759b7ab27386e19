import fs from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'

const patienceMs = 30_000

/**
 * Asks a step to end: SIGINT to its whole process group, as Ctrl-C would, and SIGKILL 30 s later. Compose then leaves
 * things as they are, perhaps half done. `ended` says when that is not needed any more.
 */
export async function stopStep(
  folder: string,
  ended: Promise<unknown>,
  patience = patienceMs,
): Promise<void> {
  await signalGroup(folder, 'SIGINT')
  const timer = setTimeout(() => void signalGroup(folder, 'SIGKILL'), patience)
  await ended.finally(() => clearTimeout(timer))
}

async function signalGroup(folder: string, signal: NodeJS.Signals): Promise<void> {
  const group = Number.parseInt(await fs.readFile(path.join(folder, 'started'), 'utf8').catch(() => ''), 10)
  // A number is only safe to use while somebody of that group holds the lock.
  if (!Number.isInteger(group) || group <= 1 || !(await isRunning(folder))) return
  try {
    process.kill(-group, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function isRunning(folder: string): Promise<boolean> {
  const { exitCode } = await execa('flock', ['-n', path.join(folder, 'alive'), 'true'], { reject: false })
  return exitCode !== 0
}
