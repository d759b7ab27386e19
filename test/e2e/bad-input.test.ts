import { randomBytes } from 'node:crypto'
import { createProject, describeWithEngine, removeProjects } from '@redeployster/shared/testing/docker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getJson, post } from '../harness/http.ts'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'
import { rawRequest, sendRaw } from '../harness/raw.ts'
import { shell } from '../harness/shell.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'

const token = randomBytes(16).toString('hex')
const yaml = `
  services:
    hello: { <<: *base, labels: { redeployster.token: ${token} } }
`
const right = `Authorization: Bearer ${token}`

const names = [
  '/..%2fhello',
  '/%2e%2e%2fetc',
  '/%2e%2e%2fhello',
  '/hello%2f..%2fhello',
  '/hello%00',
  '/%00',
  '/hello%0a',
  '/hello%0d%0aExit-Code:%200',
  '/--help',
  '/-d',
  '/%2d%2dhelp',
  '/%zz',
  '/hello%zz',
  '/%ff%fe',
  '/hello%20',
  '/$(id)',
  '/hello;id',
  `/${'x'.repeat(10_000)}`,
  '/nobody/hello',
  '/..%2f/hello',
  '/../hello',
  '/nobody/%2e%2e/hello',
]

const authorizations = [
  [],
  ['Authorization:'],
  ['Authorization: Bearer'],
  ['Authorization: Bearer wrong'],
  [`Authorization: Bearer ${token.slice(0, -1)}`],
  [`Authorization: Bearer ${token}x`],
  [`Authorization: Bearer ${token.toUpperCase()}!`],
  [`Authorization: Bearer ${token} ${token}`],
  [`Authorization: Basic ${Buffer.from(`hello:${token}`).toString('base64')}`],
  [`Authorization: ${token}`],
  [`Authorization: Bearer ${'x'.repeat(8000)}`],
  ['Authorization: Bearer \xff\xfe'],
  [`Cookie: token=${token}`],
  ['Authorization: Bearer wrong', right],
]

describeWithEngine('bad input starts nothing', () => {
  describe.each(layouts)('with %s:', (layout) => {
    let compose: ScriptedCompose
    let deployment: Deployment
    let url: string

    beforeAll(async () => {
      const project = await createProject({ yaml })
      await project.up()
      compose = await scriptCompose('echo deployed')
      deployment = await deployRedeployster(layout, { COMPOSE_COMMAND: compose.command })
      url = deployment.urls[0]
      await published(url, token, 'hello')
    })
    afterAll(async () => {
      await deployment?.stop()
      await compose?.remove()
      await removeProjects()
    })

    it('a name that is none is answered like a wrong token', async () => {
      const wrong = await shown(url, rawRequest('POST /hello', ['Authorization: Bearer wrong']))
      expect(wrong).toMatch(/^HTTP\/1\.1 401 /)
      const answers = await Promise.all(
        names.map(async (name) => [name, await shown(url, rawRequest(`POST ${name}`, [right]))]),
      )
      expect(answers).toEqual(names.map((name) => [name, wrong]))
    })

    it('every wrong Authorization gets the same bytes, but for the request id and the clock', async () => {
      const answers = await Promise.all(
        authorizations.map((headers) => shown(url, rawRequest('POST /hello', headers))),
      )
      expect(new Set(answers)).toEqual(new Set([expect.stringMatching(/^HTTP\/1\.1 401 /)]))
    })

    it.each(['POST /hel\0lo', 'POST /hel\nlo', 'POST /hello\0', 'POST hello'])(
      'the request line %j is none',
      async (line) => {
        const { status } = await sendRaw(url, rawRequest(line, [right]))
        expect(status).toBe(400)
      },
    )

    it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s deploys nothing', async (method) => {
      const { status, text } = await sendRaw(url, rawRequest(`${method} /hello`, [right]))
      expect(status).toBe(405)
      expect(text).toMatch(/^allow: POST\r$/im)
    })

    it('a body of 1 GB is refused long before it has come', async () => {
      const send = `curl -sS -XPOST -H'${right}' -T - -o answer.json -w '%{http_code} %{size_upload}' ${url}/hello`
      const { code, stdout } = await shell(`head -c 1G /dev/zero | ${send}`, compose.folder)
      const [status, sent] = stdout.split(' ').map(Number)
      expect({ code, status }).toEqual({ code: 0, status: 413 })
      expect(sent).toBeLessThan(64 * 1024 ** 2)
    })

    it('none of it is in the history, and the next right request is the first that deploys', async () => {
      expect(await getJson(`${url}/jobs`, token)).toEqual({ jobs: [] })
      expect(await post(`${url}/hello`, token)).toMatchObject({ exitCode: '0' })
      expect(await compose.starts()).toHaveLength(1)
    })
  })
})

/** All that a client sees, but for what differs between any two answers. */
async function shown(url: string, request: string): Promise<string> {
  const { text } = await sendRaw(url, request)
  const id = /^x-request-id: (.*)\r$/im.exec(text)?.[1] ?? ''
  return text.replaceAll(id, 'ID').replace(/^date: .*$/im, 'Date: NOW')
}
