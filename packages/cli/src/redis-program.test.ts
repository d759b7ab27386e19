import fs from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { findRedisProgram } from './redis-program.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

async function folderWith(name: string, mode: number): Promise<string> {
  const folder = await temporaryFolder()
  await fs.writeFile(path.join(folder, name), '', { mode })
  return folder
}

it('finds a Valkey before a Redis, wherever they are on PATH', async () => {
  const redis = await folderWith('redis-server', 0o755)
  const valkey = await folderWith('valkey-server', 0o755)
  expect(findRedisProgram(`${redis}:${valkey}`)).toBe(path.join(valkey, 'valkey-server'))
  expect(findRedisProgram(`/nowhere:${redis}`)).toBe(path.join(redis, 'redis-server'))
})

it('takes nothing that is no program, and looks in no folder that is relative', async () => {
  const plain = await folderWith('redis-server', 0o644)
  const folder = await temporaryFolder()
  await fs.mkdir(path.join(folder, 'valkey-server'))
  expect(findRedisProgram(`${plain}:${folder}:.::`)).toBeUndefined()
  expect(findRedisProgram(undefined)).toBeUndefined()
})
