import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { createFreeing } from './free-read.ts'
import { tail } from './tail.ts'

const kibibyte = 1024
const line = `${'x'.repeat(1023)}\n`

let file: string
beforeEach(() => {
  file = path.join(temporaryFolder(), 'out')
  fs.writeFileSync(file, line.repeat(1024))
})

const onDisk = () => fs.statSync(file).blocks * 512

it('gives the disk back what was read, but for the last part', async () => {
  await createFreeing(file, 128 * kibibyte)(1024 * kibibyte)
  expect(onDisk()).toBeLessThan(256 * kibibyte)
  expect(fs.statSync(file).size).toBe(1024 * kibibyte)
  const kept = fs.readFileSync(file, 'latin1').slice(-128 * kibibyte)
  expect(kept).toBe(line.repeat(128))
})

it('frees nothing while little was read', async () => {
  const free = createFreeing(file, 128 * kibibyte)
  const before = onDisk()
  for (const read of [1, 100, 255]) await free(read * kibibyte)
  expect(onDisk()).toBe(before)
})

it('does not disturb who writes, nor who begins to read again from the begin', async () => {
  const writing = fs.openSync(file, 'a')
  const free = createFreeing(file, 128 * kibibyte)
  for (const read of [300, 600, 1024]) await free(read * kibibyte)
  fs.writeSync(writing, 'last\n')
  fs.closeSync(writing)
  const lines: string[] = []
  for await (const tailed of tail(file, 0, Promise.resolve())) lines.push(...tailed.lines)
  expect(lines.length).toBeLessThan(257)
  expect(lines.slice(0, -1).every((it) => it === line.trimEnd())).toBe(true)
  expect(lines.at(-1)).toBe('last')
})
