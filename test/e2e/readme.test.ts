import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {
  createProject,
  describeWithEngine,
  removeProjects,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'
import { freePort, startProcess } from '../harness/process.ts'
import { isReady } from '../harness/ready.ts'
import { shell } from '../harness/shell.ts'
import { until } from '../harness/until.ts'

const hello = `
  services:
    hello:
      <<: *base
      labels:
        - redeployster.token=dolphin
`

const caddy = process.env.REDEPLOYSTER_TEST_CADDY
const isWithoutCaddy = !caddy && process.env.CI !== 'true'

describeWithEngine('what the README tells a newcomer', () => {
  describe.each(layouts)('works word for word with %s', (layout) => {
    let project: TestProject
    let deployment: Deployment
    let folder: string
    let url: string
    let command: string

    beforeAll(async () => {
      folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-curl-'))
      project = await createProject({ yaml: hello })
      await project.up()
      // Whatever else has this token on the engine is left alone.
      deployment = await deployRedeployster(layout, { PROJECT_ROOTS: project.directory })
      await published(deployment.urls[0], 'dolphin', 'hello')
      url = deployment.urls[0].replace('127.0.0.1', 'localhost')
      command = `curl -i -XPOST -H'Authorization: Bearer dolphin' ${url}/hello`
    })
    afterEach(() => project.write('compose.yaml', hello))
    afterAll(async () => {
      await deployment?.stop()
      await removeProjects()
      await fs.rm(folder, { recursive: true, force: true })
    })

    it('curl shows what compose prints, and the exit code', async () => {
      const { code, stdout } = await shell(command, folder)
      expect(code).toBe(0)
      expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      expect(stdout).toMatch(/^ ?Container .*hello-1 +Running$/m)
      expect(stdout).toMatch(/^Exit-Code: 0\r?$/m)
    })

    it('grep finds the exit code 0 in the headers that curl dumps', async () => {
      await shell(`${command} -D headers.txt`, folder)
      expect(await shell(String.raw`grep -q '^Exit-Code: 0\b' headers.txt`, folder)).toMatchObject({
        code: 0,
      })
    })

    it('grep does not find it when the deploy has failed', async () => {
      await project.write(
        'compose.yaml',
        hello.replace('<<: *base', '<<: *base\n      init: false\n      command: /no/such/file'),
      )
      await shell(`${command} -D headers.txt`, folder)
      expect(await fs.readFile(path.join(folder, 'headers.txt'), 'utf8')).toMatch(/^Exit-Code: [1-9]/m)
      expect(await shell(String.raw`grep -q '^Exit-Code: 0\b' headers.txt`, folder)).toMatchObject({
        code: 1,
      })
    })

    it.skipIf(isWithoutCaddy)('curl shows the same through Caddy', async () => {
      // Without a name in it: else Caddy would make a certificate authority and have this machine trust it.
      const port = await freePort()
      const from = `http://localhost:${port}`
      const to = url.replace('http://', '')
      const words = ['reverse-proxy', '--from', `:${port}`, '--to', to]
      const forwarder = startProcess(caddy ?? 'caddy', words, { HOME: folder })
      try {
        await until('Caddy forwards', () => isReady(from))
        const { stdout } = await shell(command.replace(url, from), folder)
        expect(stdout).toMatch(/^Server: Caddy\r$/m)
        expect(stdout).toMatch(/^ ?Container .*hello-1 +\w+$/m)
        expect(stdout).toMatch(/^Exit-Code: 0\r?$/m)
      } finally {
        await forwarder.end('SIGKILL')
      }
    })
  })
})
