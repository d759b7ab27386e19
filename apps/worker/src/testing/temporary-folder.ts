import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** A new folder for the test that runs now; it goes with it. */
export function temporaryFolder(): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'rdt-')))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}
