import { execFile } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startPageProxy } from '../harness/page-proxy.ts'
import { freePort } from '../harness/process.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

const page = new URL('../../docs/ci/sh.md', import.meta.url)

describeWithEngine('the script for runners without Node', () => {
  let stage: Stage
  let file: string

  beforeAll(async () => {
    stage = await setStage({ up: '. "$folder/up"' })
    await stage.begin()
    const [, script = ''] = /```sh\n(#!.*?)```/s.exec(await fs.readFile(page, 'utf8')) ?? []
    file = path.join(stage.compose.folder, 'deploy.sh')
    await fs.writeFile(file, script)
  })
  afterAll(() => stage?.clear())

  async function script(up: string) {
    await fs.rm(path.join(stage.compose.folder, 'starts'), { force: true })
    await fs.writeFile(path.join(stage.compose.folder, 'up'), up)
  }

  interface Env {
    readonly url?: string
    readonly token?: string
    readonly timeout?: string
  }

  function run(
    words: readonly string[],
    { url = stage.bench.url, token = stage.token, timeout = '60' }: Env = {},
  ) {
    const { PATH } = process.env
    const env = { PATH, REDEPLOYSTER_URL: url, REDEPLOYSTER_TOKEN: token, TIMEOUT: timeout }
    return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const child = execFile('sh', [file, ...words], { env, timeout: 60_000 }, (_, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr })
      })
    })
  }

  it.each([0, 3])('prints the log and ends with the exit code, here %i', async (exitCode) => {
    await script(`echo out; echo; exit ${exitCode}`)
    const { code, stdout } = await run(['hello'])
    expect(code).toBe(exitCode)
    expect(stdout).toMatch(/^redeployster: job \S+\nout\n\n/)
    expect(stdout).toMatch(new RegExp(`\nredeployster: job \\S+ exit-code: ${exitCode}\n$`))
  })

  it('goes on through the pages of a proxy, and deploys once', async () => {
    await script('echo out; exit 3')
    const proxy = await startPageProxy(stage.bench.url)
    onTestFinished(() => proxy.close())
    proxy.answer({ status: 502 })
    const running = run(['hello', 'a-key'], { url: proxy.url })
    await until('a page was shown', () => proxy.pages() >= 1)
    proxy.answer(undefined)
    expect((await running).code).toBe(3)
    expect((await run(['hello', 'a-key'])).code).toBe(3)
    expect(await stage.compose.starts()).toHaveLength(1)
  })

  it('is red without a verdict', async () => {
    const nowhere = await run(['hello'], { url: `http://127.0.0.1:${await freePort()}`, timeout: '0' })
    expect(nowhere).toMatchObject({ code: 125, stderr: expect.stringContaining('No verdict of a deploy') })
    const stranger = await run(['hello'], { token: 'not-the-token-of-hello' })
    expect(stranger).toMatchObject({ code: 126, stderr: expect.stringContaining('unknown service or wrong') })
  })

  describe('a refusal', () => {
    const problem = { 'content-type': 'application/problem+json' }

    /** The exit code where the answers come one after the other. */
    async function codeAfter(...answers: readonly (readonly [status: number, headers: object])[]) {
      let asked = 0
      const server = http.createServer((_, response) => {
        const [status, headers] = answers[asked++] ?? [500, {}]
        response.writeHead(status, { ...headers }).end('why\n')
      })
      onTestFinished(() => void server.close())
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const { code } = await run(['hello'], { url: `http://127.0.0.1:${port}` })
      expect(asked).toBe(answers.length)
      return code
    }

    it.each([409, 423, 429])('of the API means that nothing was started: %i', async (status) => {
      expect(await codeAfter([status, problem])).toBe(126)
      expect(await codeAfter([503, problem], [status, problem])).toBe(126)
    })

    it('does not mean that after an answer that was lost', async () => {
      expect(await codeAfter([504, {}], [409, problem])).toBe(125)
    })

    it('of somebody else never means that', async () => {
      expect(await codeAfter([404, { 'content-type': 'text/html' }])).toBe(125)
    })
  })
})
