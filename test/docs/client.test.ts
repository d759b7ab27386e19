import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { bundleClient } from '../../packages/client/bundle.mjs'

const root = path.resolve(import.meta.dirname, '../..')

it('the documentation has the SHA-256 of the client: npm run docs:client', async () => {
  const text = fs.readFileSync(path.join(root, 'docs/ci/README.md'), 'utf8')
  const [, documented] = /<!-- client -->\s+```\n(\w+)\n```/.exec(text) ?? []
  expect(documented).toBe((await bundleClient()).sha256)
})

it('the action of GitHub runs the client as it is: npm run docs:client', async () => {
  const committed = fs.readFileSync(path.join(root, 'action/client.mjs'))
  expect(committed.equals((await bundleClient()).body)).toBe(true)
})
