import fs from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { makeStateFolder } from './state-folder.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

it('makes the folder and those above it for their owner only', async () => {
  const folder = path.join(await temporaryFolder(), 'above/state')
  await makeStateFolder(folder)
  expect((await fs.stat(folder)).mode & 0o777).toBe(0o700)
  expect((await fs.stat(path.dirname(folder))).mode & 0o777).toBe(0o700)
})

it('answers the real path of a folder that is there', async () => {
  const folder = await temporaryFolder()
  await fs.mkdir(path.join(folder, 'real'))
  await fs.symlink('real', path.join(folder, 'link'))
  expect(await makeStateFolder(path.join(folder, 'link'))).toBe(path.join(folder, 'real'))
})

it.skipIf(process.platform !== 'linux')('says so where no folder can be made', async () => {
  await expect(makeStateFolder('/proc/state')).rejects.toThrow(
    /STATE_DIR: cannot make the folder \/proc\/state/,
  )
  await expect(makeStateFolder('/dev/null/state')).rejects.toThrow(/ENOTDIR/)
})
