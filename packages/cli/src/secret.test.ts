import fs from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { keptSecret } from './secret.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

it('makes a secret of 32 bytes that only its owner can read, and keeps it', async () => {
  const folder = await temporaryFolder()
  const secret = await keptSecret(folder)
  expect(secret).toMatch(/^[\da-f]{64}$/)
  expect((await fs.stat(path.join(folder, 'secret'))).mode & 0o777).toBe(0o600)
  expect(await keptSecret(folder)).toBe(secret)
})

it('makes one secret when several ask for it at the same time, and leaves nothing else', async () => {
  const folder = await temporaryFolder()
  const secrets = await Promise.all(Array.from({ length: 8 }, () => keptSecret(folder)))
  expect(new Set(secrets).size).toBe(1)
  expect(await fs.readdir(folder)).toEqual(['secret'])
})

it('takes from others the right to read it', async () => {
  const folder = await temporaryFolder()
  await fs.writeFile(path.join(folder, 'secret'), 'restored-from-a-backup\n', { mode: 0o644 })
  expect(await keptSecret(folder)).toBe('restored-from-a-backup')
  expect((await fs.stat(path.join(folder, 'secret'))).mode & 0o777).toBe(0o600)
})

it('refuses a secret that is damaged or cannot be read', async () => {
  const folder = await temporaryFolder()
  await fs.writeFile(path.join(folder, 'secret'), '')
  await expect(keptSecret(folder)).rejects.toThrow(/expected at least 16 characters; remove it/)
  await fs.rm(path.join(folder, 'secret'))
  await fs.mkdir(path.join(folder, 'secret'))
  await expect(keptSecret(folder)).rejects.toThrow(/cannot read it \(EISDIR\)/)
})
