import fs from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '@redeployster/shared/runtime/env'

/** Makes a folder for the eyes of this user only, and answers its real path: two names for it mean the same. */
export async function makeStateFolder(folder: string): Promise<string> {
  try {
    await makeWithParents(folder)
    return await fs.realpath(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError([`STATE_DIR: cannot make the folder ${folder} (${code}); set it to another place`])
  }
}

/** Node's own recursive mkdir never returns where the system allows no folder at all, as below /proc. */
async function makeWithParents(folder: string): Promise<void> {
  if (await isMade(folder)) return
  await makeWithParents(path.dirname(folder))
  await isMade(folder)
}

/** False when the folder above is missing. */
async function isMade(folder: string): Promise<boolean> {
  try {
    await fs.mkdir(folder, { mode: 0o700 })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return true
    if (code === 'ENOENT') return false
    throw error
  }
}
