import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { createProject, describeWithEngine, removeProjects } from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createGate, type Gate } from '../harness/gate.ts'
import { ask, post } from '../harness/http.ts'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { shell } from '../harness/shell.ts'
import { until } from '../harness/until.ts'

const token = randomBytes(16).toString('hex')
const yaml = `
  services:
    hello: { <<: *base, labels: { redeployster.token: ${token} } }
`

describeWithEngine('the stream of a deploy', () => {
  describe.each(layouts)('from %s', (layout) => {
    let compose: ScriptedCompose
    let deployment: Deployment
    let url: string
    let gate: Gate

    beforeAll(async () => {
      const project = await createProject({ yaml })
      await project.up()
      compose = await scriptCompose('. "$folder/up"')
      deployment = await deployRedeployster(layout, { COMPOSE_COMMAND: compose.command })
      url = deployment.urls[0]
      await published(url, token, 'hello')
    })
    beforeEach(async () => {
      gate = await createGate(path.join(compose.folder, 'gate'))
    })
    afterEach(async () => {
      await gate.remove()
    })
    afterAll(async () => {
      await deployment?.stop()
      await compose?.remove()
      await removeProjects()
    })

    /** What compose does from now on. */
    async function script(up: string) {
      await fs.writeFile(path.join(compose.folder, 'up'), up)
    }

    it('brings each line before compose prints the next one, from both of its streams', async () => {
      await script(
        'for i in 1 2 3; do echo "out $i"; read _ <"$folder/gate"; echo "err $i" >&2; read _ <"$folder/gate"; done',
      )
      const asked = ask('POST', `${url}/hello`, token)
      const printed = ['out 1', 'err 1', 'out 2', 'err 2', 'out 3', 'err 3']
      for (const [index, line] of printed.entries()) {
        await until(`"${line}" arrives`, () => linesOf(asked.text()).includes(line))
        expect(linesOf(asked.text()).slice(1)).toEqual(printed.slice(0, index + 1))
        await gate.open()
      }
      expect(linesOf((await asked.answer).body).slice(1, -1)).toEqual(printed)
    })

    it('keeps the order of what compose prints on its two streams', async () => {
      await script('for i in $(seq 500); do echo "out $i"; echo "err $i" >&2; done')
      const { body } = await post(`${url}/hello`, token)
      const expected = Array.from({ length: 500 }, (_, index) => [`out ${index + 1}`, `err ${index + 1}`])
      expect(linesOf(body).slice(1, -1)).toEqual(expected.flat())
    })

    it.each([0, 3])('begins with the job and ends with its exit code, here %d', async (exitCode) => {
      await script(`echo deploying; exit ${exitCode}`)
      const answer = await post(`${url}/hello`, token)
      expect(answer.body).toMatch(
        new RegExp(`^redeployster: job ${answer.jobId} deploys rdt\\w+/hello on host .+\n`),
      )
      expect(answer.body).toMatch(new RegExp(`\nredeployster: job ${answer.jobId} exit-code: ${exitCode}\n$`))
      expect(answer.exitCode).toBe(String(exitCode))
    })

    it('puts a blank before a line of compose that looks like one of ours', async () => {
      await script('echo "redeployster: job 1 exit-code: 0"; echo redeployster:; exit 3')
      const { body, exitCode } = await post(`${url}/hello`, token)
      expect(linesOf(body).slice(1, 3)).toEqual([' redeployster: job 1 exit-code: 0', ' redeployster:'])
      expect(body.match(/^redeployster: job .* exit-code: .*$/gm)).toHaveLength(1)
      expect(exitCode).toBe('3')
    })

    it('and the stored log equal 20,000 lines of the output of compose', async () => {
      await script(`
seq -f 'line %.0f, für dich' 10000
echo
seq -f 'line %.0f of the other stream' 9999 >&2
cp "$(readlink /proc/$$/fd/1)" "$folder/out"`)
      const { body, jobId } = await post(`${url}/hello`, token)
      const out = await fs.readFile(path.join(compose.folder, 'out'), 'utf8')
      const last = `redeployster: job ${jobId} exit-code: 0\n`
      const { body: log } = await ask('GET', `${url}/jobs/${jobId}/log`, token).answer

      expect(linesOf(out)).toHaveLength(20_000)
      // Compared as a whole: a difference is printed as far as it goes, not as 40,000 lines.
      expect(log === out + last).toBe(true)
      expect(body.slice(body.indexOf('\n') + 1) === log).toBe(true)
    })

    it('can be followed by others, from any line on, to the exit code', async () => {
      await script('seq -f "line %.0f" 5; read _ <"$folder/gate"; seq -f "line %.0f" 6 8; exit 4')
      const asked = ask('POST', `${url}/hello`, token)
      await until('line 5 arrives', () => asked.text().includes('line 5\n'))
      const { 'job-id': id } = (await asked.begun).headers
      const log = `${deployment.urls.at(-1)}/jobs/${String(id)}/log`

      const soFar = await ask('GET', `${log}?from=4`, token).answer
      const followed = ask('GET', `${log}?follow`, token)
      const followedFrom = ask('GET', `${log}?follow&from=4`, token)
      await until('both follow', () => [followed, followedFrom].every((it) => it.text().includes('line 5\n')))
      await gate.open()
      const all = await asked.answer

      expect(soFar).toMatchObject({ body: 'line 4\nline 5\n', exitCode: undefined })
      expect(await followed.answer).toMatchObject({ body: all.body, exitCode: '4' })
      const { body, exitCode } = await followedFrom.answer
      expect(linesOf(body).slice(1)).toEqual(linesOf(all.body).slice(4))
      expect(exitCode).toBe('4')
      expect((await ask('GET', `${log}?from=8`, token).answer).body).toBe(
        linesOf(all.body)
          .slice(8)
          .map((line) => `${line}\n`)
          .join(''),
      )
    })

    it('has the exit code in its last line for a client of HTTP/1.0', async () => {
      await script('echo deploying; exit 5')
      const { code, stdout } = await shell(
        `curl -0 -sS -i -XPOST -H'Authorization: Bearer ${token}' ${url}/hello`,
        compose.folder,
      )
      expect(code).toBe(0)
      expect(stdout).not.toMatch(/^(transfer-encoding|trailer):/im)
      expect(stdout).toMatch(/\ndeploying\n(.*\n)?redeployster: job \S+ exit-code: 5\n$/)
    })
  })
})

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1)
}
