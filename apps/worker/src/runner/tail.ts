import { splitLines } from '@redeployster/shared/contract/log-line'
import { readSync, watch, type FSWatcher } from 'node:fs'
import fs, { type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { withDescriptor } from './descriptors.ts'

export interface Tailed {
  readonly lines: readonly string[]
  /** Where in the file the next lines begin. */
  readonly offset: number
}

export const chunkBytes = 64 * 1024
/** One for all: what was read is made into lines before anybody else can read. */
const buffer = Buffer.alloc(chunkBytes)
/** Change events can be lost, or not be had at all; then this is how long a line may wait. */
const lookAgainMs = 1000

/**
 * Yields the lines of a file from `offset` on as they are written, until `ended` resolves and all is read. Nothing is
 * read ahead, so a consumer that is slow, or waits for Redis, costs no memory and never slows the writer down.
 */
export async function* tail(
  file: string,
  offset: number,
  ended: Promise<unknown>,
): AsyncGenerator<Tailed, void> {
  if (offset === Number.POSITIVE_INFINITY) return
  const changes = watchForChanges(path.dirname(file))
  let isEnded = false
  const markEnd = () => {
    isEnded = true
    changes.wake()
  }
  ended.then(markEnd, markEnd)
  let handle: FileHandle | undefined
  try {
    for (let at = offset; ;) {
      // Asked before reading: what was written before the end is then sure to be read.
      const isLast = isEnded
      handle ??= await openIfThere(file)
      // Just written, so it lies in memory: to wait for another thread takes longer than to copy it.
      const bytes = handle ? readSync(handle.fd, buffer, 0, chunkBytes, at) : 0
      if (bytes === chunkBytes && isHole(buffer)) {
        at += bytes
        continue
      }
      const isRest = isLast && bytes < chunkBytes
      const { lines, length } = splitLines(buffer.subarray(0, bytes), isRest)
      at += length
      if (lines.length > 0) yield { lines, offset: at }
      if (isRest) return
      if (length === 0) await changes.next()
    }
  } finally {
    await handle?.close()
    changes.close()
  }
}

/** What was read before and given back to the disk; compose prints nothing like it. */
function isHole(chunk: Buffer): boolean {
  return chunk.every((byte) => byte === 0)
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await withDescriptor(() => fs.open(file, 'r'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`Cannot read the output in ${file}`, { cause: error })
  }
}

function watchForChanges(folder: string) {
  let hasChanged = false
  let wakeWaiting = () => {}
  const wake = () => {
    hasChanged = true
    wakeWaiting()
  }
  const watcher = tryToWatch(folder, wake)

  return {
    wake,
    async next() {
      if (!hasChanged) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, lookAgainMs)
          wakeWaiting = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      hasChanged = false
    },
    close: () => watcher?.close(),
  }
}

/** Without change events (the system may have none left) the timer alone wakes us. */
function tryToWatch(folder: string, wake: () => void): FSWatcher | undefined {
  try {
    return watch(folder, wake).on('error', () => {})
  } catch {
    return undefined
  }
}
