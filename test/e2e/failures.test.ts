import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import {
  createProject,
  describeWithEngine,
  removeProjects,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { getJson, post } from '../harness/http.ts'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'

interface Failure {
  readonly says: RegExp
  /** Whether compose got as far as to touch anything. */
  readonly started: boolean
  breakIt(project: TestProject, token: string): Promise<void>
}

const hello = (token: string, more = '') => `
  services:
    hello:
      <<: *base
      labels: { redeployster.token: ${token} }
      ${more}
`

const realFailures: Readonly<Record<string, Failure>> = {
  'the image is missing': {
    says: /^.*Error.*$/m,
    started: false,
    breakIt: (project, token) => project.write('compose.yaml', hello(token, 'image: fixture/missing:1')),
  },
  'the compose file is gone': {
    says: /compose\.yaml: no such file or directory/,
    started: false,
    breakIt: (project) => fs.rm(path.join(project.directory, 'compose.yaml')),
  },
  'the compose file is no YAML': {
    says: /yaml: /,
    started: false,
    breakIt: (project) => project.write('compose.yaml', 'services: ['),
  },
  'the command of the container does not exist': {
    says: /no\/such\/file/,
    started: true,
    breakIt: (project, token) =>
      project.write('compose.yaml', hello(token, 'init: false\n      command: /no/such/file')),
  },
}

const scriptedFailures = {
  'compose fails with a code of its own': { up: 'echo broken; exit 7', exitCode: 7, says: 'broken' },
  'compose is killed': { up: 'echo dying; kill -9 $$', exitCode: 137, says: 'killed by signal 9' },
}

interface Job {
  readonly state: string
  readonly exitCode: number
  readonly started: boolean
  readonly reason: string
}

describeWithEngine('a deploy that fails', () => {
  describe.each(layouts)('with %s', (layout) => {
    let token: string
    let project: TestProject
    let compose: ScriptedCompose
    let deployment: Deployment
    let url: string

    beforeAll(async () => {
      compose = await scriptCompose('. "$folder/up"')
      deployment = await deployRedeployster(layout, { COMPOSE_COMMAND: compose.command })
      url = deployment.urls[0]
    })
    beforeEach(async () => {
      token = randomBytes(16).toString('hex')
      project = await createProject({ yaml: hello(token) })
      await project.up()
      await published(url, token, 'hello')
    })
    afterEach(removeProjects)
    afterAll(async () => {
      await deployment?.stop()
      await compose?.remove()
    })

    async function script(up: string) {
      await fs.writeFile(path.join(compose.folder, 'up'), up)
    }

    it.each(Object.entries(realFailures))(
      'since %s says so in the words and with the code of compose',
      async (_, failure) => {
        await script('real "$@"')
        await failure.breakIt(project, token)
        const bare = await bareExitCode(project)
        const { body, exitCode, jobId } = await post(`${url}/hello`, token)

        expect(bare).toBeGreaterThan(0)
        expect(exitCode).toBe(String(bare))
        expect(body).toMatch(failure.says)
        expect(body.endsWith(`\nredeployster: job ${jobId} exit-code: ${bare}\n`)).toBe(true)
        expect(await getJson<Job>(`${url}/jobs/${jobId}`, token)).toMatchObject({
          state: 'failed',
          exitCode: bare,
          started: failure.started,
        })
      },
    )

    it.each(Object.entries(scriptedFailures))(
      'since %s says so, with the code',
      async (_, { up, exitCode, says }) => {
        await script(up)
        const answer = await post(`${url}/hello`, token)
        const job = await getJson<Job>(`${url}/jobs/${answer.jobId}`, token)

        expect(answer.exitCode).toBe(String(exitCode))
        expect(answer.body).toContain(says)
        expect(answer.body.endsWith(`\nredeployster: job ${answer.jobId} exit-code: ${exitCode}\n`)).toBe(
          true,
        )
        expect(job).toMatchObject({ state: 'failed', exitCode, started: true })
        expect(answer.body).toContain(`\nredeployster: ${job.reason}\n`)
      },
    )

    it('since compose has been removed says how to get it back, with the code 127', async () => {
      await fs.rename(compose.command, `${compose.command}.removed`)
      const answer = await post(`${url}/hello`, token)
      await fs.rename(`${compose.command}.removed`, compose.command)

      expect(answer.exitCode).toBe('127')
      expect(answer.body).toMatch(
        /^redeployster: nothing was started, since docker compose is no longer where it was: install it/m,
      )
      expect(await getJson<Job>(`${url}/jobs/${answer.jobId}`, token)).toMatchObject({
        state: 'failed',
        exitCode: 127,
        started: false,
      })
    })
  })
})

/** What a person would get who typed the command. */
async function bareExitCode({ compose, directory }: TestProject): Promise<number> {
  const file = path.join(directory, 'compose.yaml')
  const message = await compose('-f', file, 'up', '-d', '--', 'hello').catch((error: Error) => error.message)
  return Number(/failed \((\d+)\)/.exec(message)?.[1])
}
