import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import { promisify } from 'node:util'

/** Where a scripted compose waits for the test: `read _ <"$folder/gate"` returns once for each `open`. */
export interface Gate {
  open(): Promise<void>
  /** Nobody waits here any more: whoever still does goes on. */
  remove(): Promise<void>
}

export async function createGate(file: string): Promise<Gate> {
  await promisify(execFile)('mkfifo', [file])
  // Open for both, it never blocks, and keeps what is written until somebody reads it.
  const handle = await fs.open(file, 'r+')
  let isRemoved = false
  return {
    async open() {
      await handle.write('go\n')
    },
    async remove() {
      if (isRemoved) return
      isRemoved = true
      await handle.write('go\n'.repeat(1000))
      await handle.close()
      await fs.rm(file, { force: true })
    },
  }
}
