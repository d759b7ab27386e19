import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runQuietly } from './run-quietly.ts'

const patienceMs = 30_000
const askAgainMs = 50

/**
 * Asks a step to end: SIGINT to its whole process group, as Ctrl-C would, and SIGKILL 30 s later. Compose then leaves
 * things as they are, perhaps half done. `ended` says when that is not needed any more. A step that an earlier worker
 * has asked is not asked again, since compose ends at once at a second Ctrl-C: only what is left of the 30 s is waited.
 */
export async function stopStep(
  folder: string,
  ended: Promise<unknown>,
  patience = patienceMs,
): Promise<void> {
  let isOver = false
  const markOver = () => {
    isOver = true
  }
  // Whoever follows the step hears why its end is not known.
  const over = ended.then(markOver, markOver)
  const askedAtMs = await timeAsked(folder)
  if (askedAtMs === undefined) {
    // A runner that is about to start cannot be asked yet.
    while (!(await ask(folder)) && !isOver) await Promise.race([over, delay(askAgainMs)])
  }
  const waiting = new AbortController()
  const patienceEnds = delay(leftOf(patience, askedAtMs), undefined, { signal: waiting.signal }).catch(
    () => {},
  )
  await Promise.race([over, patienceEnds]).finally(() => waiting.abort())
  if (!isOver) await signal(folder, 'SIGKILL')
  await over
}

/** Of an order that an earlier worker gave only the wall clock can tell how long ago that was. */
function leftOf(patience: number, askedAtMs = Date.now()): number {
  return Math.min(patience, Math.max(0, askedAtMs + patience - Date.now()))
}

/** Resolves to whether there was somebody to ask. */
async function ask(folder: string): Promise<boolean> {
  const group = await runningGroup(folder)
  if (group === undefined) return false
  // First written down, so that it is asked at most once. Where nothing can be written it is asked all the same.
  await fs.writeFile(markerIn(folder), String(Date.now()), { mode: 0o600 }).catch(() => {})
  return signalGroup(group, 'SIGINT')
}

async function signal(folder: string, name: NodeJS.Signals): Promise<void> {
  const group = await runningGroup(folder)
  if (group !== undefined) signalGroup(group, name)
}

const markerIn = (folder: string) => path.join(folder, 'asked')

async function timeAsked(folder: string): Promise<number | undefined> {
  const text = await fs.readFile(markerIn(folder), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  // A power cut can leave a file without its content: it was asked, nobody knows when.
  return Number(text) || Date.now()
}

/** A number is only safe to use while somebody of that group holds the lock. */
async function runningGroup(folder: string): Promise<number | undefined> {
  const group = Number.parseInt(await fs.readFile(path.join(folder, 'started'), 'utf8').catch(() => ''), 10)
  return Number.isInteger(group) && group > 1 && (await isRunning(folder)) ? group : undefined
}

/** Resolves to whether there was somebody to get the signal. */
function signalGroup(group: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(-group, name)
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
