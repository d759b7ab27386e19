import fs from 'node:fs'
import { expect, it } from 'vitest'
import { bundleClient } from '../bundle.mjs'

it('makes the same file of the same sources, of at most 100 kB', async () => {
  const [first, second] = [await bundleClient(), await bundleClient()]
  expect(first.sha256).toBe(second.sha256)
  expect(first.body.length).toBeLessThan(100_000)
})

it('needs nothing but Node', async () => {
  const text = new TextDecoder().decode((await bundleClient()).body)
  const imported = [...text.matchAll(/(?:\bfrom|\bimport|\brequire\()\s*["']([^"']+)["']/g)].map(
    ([, name]) => name,
  )
  expect(imported.length).toBeGreaterThan(5)
  expect(imported.filter((name) => !/^(node:|tty$|child_process$|\.)/.test(name ?? ''))).toEqual([])
})

it('has the version of the command', () => {
  const versionOf = (file: string) =>
    (JSON.parse(fs.readFileSync(new URL(file, import.meta.url), 'utf8')) as { version: string }).version
  expect(versionOf('../package.json')).toBe(versionOf('../../cli/package.json'))
})
