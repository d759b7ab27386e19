import { runQuietly } from './run-quietly.ts'
import { chunkBytes } from './tail.ts'

/** So much of what has been read stays: Redis may lose its last second, and the next worker then reads it again. */
const mostBytes = 16 * 1024 * 1024

/**
 * Gives the disk back what was read of a file that is still being written: its begin becomes a hole, and all places in it
 * stay where they are. So a flood of output does not fill the disk. Where the file system cannot do that, it stays whole.
 */
export function createFreeing(file: string, keptBytes = mostBytes): (offset: number) => Promise<void> {
  let freed = 0
  return async (offset) => {
    // Whole chunks, which `tail` takes for a hole.
    const end = Math.floor((offset - keptBytes) / chunkBytes) * chunkBytes
    if (end - freed < keptBytes) return
    const place = ['--offset', String(freed), '--length', String(end - freed)]
    freed = end
    await runQuietly('fallocate', ['--punch-hole', ...place, '--', file])
  }
}
