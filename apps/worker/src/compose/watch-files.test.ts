import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { createWatchFiles } from './watch-files.ts'

const waiting = { timeout: 20_000, interval: 5 }

let file: string
let changes: number
let stopping: AbortController
let end: () => void
beforeEach(() => {
  file = path.join(temporaryFolder(), 'compose.yaml')
  fs.writeFileSync(file, 'one')
  changes = 0
  stopping = new AbortController()
  end = createWatchFiles(stopping.signal)([file, `${file}.not-there`], () => (changes += 1))
  return () => stopping.abort()
})

const write = () => fs.appendFileSync(file, 'more')
const replace = () => {
  fs.writeFileSync(`${file}.new`, 'another')
  fs.renameSync(`${file}.new`, file)
}

it.each([
  ['is written to', write],
  ['is replaced', replace],
])('hears that a file %s, each time', async (_, change) => {
  for (const count of [1, 2, 3]) {
    change()
    await vi.waitFor(() => expect(changes).toBe(count), waiting)
  }
})

it('hears of a file that was gone for a while when the other one changes', async () => {
  fs.writeFileSync(`${file}.not-there`, 'it is')
  write()
  await vi.waitFor(() => expect(changes).toBe(1), waiting)
  fs.appendFileSync(`${file}.not-there`, 'more')
  await vi.waitFor(() => expect(changes).toBe(2), waiting)
})

it.each([
  ['it was told to end', () => end()],
  ['the worker stops', () => stopping.abort()],
])('hears nothing any more when %s, also of what has just happened', async (_, stop) => {
  write()
  stop()
  // Another one hears of the same, and later.
  let heard = 0
  const others = new AbortController()
  createWatchFiles(others.signal)([file], () => (heard += 1))
  write()
  await vi.waitFor(() => expect(heard).toBe(1), waiting)
  others.abort()
  expect(changes).toBe(0)
})
