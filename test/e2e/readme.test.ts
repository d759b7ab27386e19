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
import { documentedSteps } from '../harness/documented-steps.ts'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'
import { codeBlock } from '../harness/pages.ts'
import { startProxy } from '../harness/proxies.ts'
import { shell } from '../harness/shell.ts'

const hello = `
  services:
    hello:
      <<: *base
      labels:
        - redeployster.token=dolphin
`

const brokenHello = hello.replace('<<: *base', '<<: *base\n      init: false\n      command: /no/such/file')

const inCI = documentedSteps.filter(({ title }) => title.startsWith('README.md'))
/** As the first README of all had it; pipelines that look so go on over plain HTTP/1.1. */
const firstGrep = String.raw`grep -q '^Exit-Code: 0\b' headers.txt`

const isWithoutCaddy = !process.env.REDEPLOYSTER_TEST_CADDY && process.env.CI !== 'true'

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
      const start = await codeBlock('README.md', 'sh', 'npx redeployster serve')
      const [line = ''] = /^curl .*http:\/\/localhost:4711\/hello$/m.exec(start) ?? []
      command = line.replace('http://localhost:4711', url)
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

    it('the grep of the first README finds the exit code 0 in the headers that curl dumps', async () => {
      await shell(`${command} -D headers.txt`, folder)
      expect(await shell(firstGrep, folder)).toMatchObject({ code: 0 })
    })

    it('that grep does not find it when the deploy has failed', async () => {
      await project.write('compose.yaml', brokenHello)
      await shell(`${command} -D headers.txt`, folder)
      expect(await fs.readFile(path.join(folder, 'headers.txt'), 'utf8')).toMatch(/^Exit-Code: [1-9]/m)
      expect(await shell(firstGrep, folder)).toMatchObject({ code: 1 })
    })

    it.each(inCI)('a pipeline is green, and red when the deploy has failed: $title', async ({ run }) => {
      const place = { url, token: 'dolphin', folder }
      expect(await run(place)).toMatchObject({ code: 0 })
      await project.write('compose.yaml', brokenHello)
      expect(await run(place)).toMatchObject({ code: 1 })
    })

    it.skipIf(isWithoutCaddy)('curl shows the same through Caddy', async () => {
      const forwarder = await startProxy('the forwarder of the README', url)
      try {
        const { stdout } = await shell(command.replace(url, forwarder.url), folder)
        expect(stdout).toMatch(/^Server: Caddy\r$/m)
        expect(stdout).toMatch(/^ ?Container .*hello-1 +\w+$/m)
        expect(stdout).toMatch(/^Exit-Code: 0\r?$/m)
      } finally {
        await forwarder.end()
      }
    })
  })
})
