import { execFile } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = new URL('../../..', import.meta.url).pathname
const run = promisify(execFile)

let folder: string
let bundle: string
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-bundle-'))
  bundle = path.join(folder, 'bundle')
  await fs.copyFile(`${root}packages/cli/package.json`, path.join(folder, 'package.json'))
  await run(process.execPath, [`${root}script/bundle.mjs`, bundle])
})
afterAll(() => fs.rm(folder, { recursive: true, force: true }))

describe('the bundle', () => {
  it('has nothing in it that a start would read in vain', async () => {
    const names = (await fs.readdir(bundle)).filter((name) => name.endsWith('.js'))
    const texts = await Promise.all(names.map((name) => fs.readFile(path.join(bundle, name), 'utf8')))
    const text = texts.join('')
    const parts = ['grpc-node-js', 'job_ready_idx', 'Invalid DateTime', 'ssh-userauth']
    expect(parts.filter((part) => text.includes(part))).toEqual([])
    expect(text.length).toBeLessThan(2_000_000)
  })

  it('looks at an engine on a socket, without a node_modules', async () => {
    const socket = path.join(folder, 'docker.sock')
    const engine = http.createServer(({ url }, response) => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(url === '/info' ? { ID: 'ALPHA', ServerVersion: '24.0.7' } : []))
    })
    engine.listen(socket)
    await once(engine, 'listening')
    expect(await engineSeenAt(`unix://${socket}`)).toEqual({ version: '24.0.7' })
    engine.close()
  })

  it('can still go over ssh', async () => {
    const { problem } = await engineSeenAt('ssh://127.0.0.1:1')
    expect(problem).toContain('connect ECONNREFUSED 127.0.0.1:1')
  })
})

/** What `doctor` says of it. */
async function engineSeenAt(dockerHost: string): Promise<{ version?: string; problem?: string }> {
  const env = { PATH: process.env.PATH, HOME: folder, STATE_DIR: folder, DOCKER_HOST: dockerHost }
  const words = [path.join(bundle, 'main.js'), 'doctor', '--json']
  // It may say that no deploy is possible, and exit with 1.
  const { stdout } = await run(process.execPath, words, { env }).catch((error: { stdout: string }) => error)
  return (JSON.parse(stdout) as { engine: { version?: string; problem?: string } }).engine
}
