import { randomBytes } from 'node:crypto'
import {
  createProject,
  describeWithEngine,
  removeProjects,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { containersOf, expectReplaced } from '../harness/containers.ts'
import { holdCompose, type HeldCompose } from '../harness/held-compose.ts'
import { ask, getJson, post, type Asked } from '../harness/http.ts'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'
import { startRedeployster } from '../harness/process.ts'
import { until } from '../harness/until.ts'

const adminToken = randomBytes(16).toString('hex')
const admin = { REDEPLOYSTER_ADMIN_TOKEN: adminToken }
const why = ['--reason', 'the database moves', '--by', 'anna']

let token: string
beforeEach(() => {
  token = randomBytes(16).toString('hex')
})
afterEach(removeProjects)

const yaml = (version: number) => `
  services:
    hello:
      <<: *base
      environment: { VERSION: "${version}" }
      labels: { redeployster.token: ${token}, redeployster.gate: 500ms }
    web:
      <<: *base
      depends_on: [hello]
      labels: { redeployster.token: ${token}, redeployster.gate: 500ms }
`

async function startProject(url: string): Promise<TestProject> {
  const project = await createProject({ yaml: yaml(1) })
  await project.up()
  await Promise.all(['hello', 'web'].map((service) => published(url, token, service)))
  return project
}

/** Runs a command of the client as the admin. Resolves to what it prints. */
async function admins(url: string, ...words: readonly string[]): Promise<string> {
  const env = { REDEPLOYSTER_URL: url, REDEPLOYSTER_TOKEN: adminToken }
  const command = startRedeployster(words, env)
  expect({ code: await command.exited, output: command.output() }).toMatchObject({ code: 0 })
  return command.output().trimEnd()
}

describeWithEngine('a frozen service', () => {
  describe.each(layouts)('by %s', (layout) => {
    let deployment: Deployment
    let url: string
    beforeAll(async () => {
      deployment = await deployRedeployster(layout, admin)
      ;[url] = deployment.urls
    })
    afterAll(() => deployment.stop())

    const freeze = (...words: readonly string[]) => admins(url, 'freeze', 'hello', ...why, ...words)
    const deploy = () => ask('POST', `${deployment.urls.at(-1)}/hello`, token).answer

    it('is refused with 423, who, why and until when, and is deployed again once it is unfrozen', async () => {
      const project = await startProject(url)
      const before = await containersOf(project, 'hello')
      const name = `${project.name}/hello`
      expect(await freeze('--for', '2h')).toMatch(
        new RegExp(`^${name} is frozen by anna until \\S+Z \\(the database moves\\)\\. Lift it with `),
      )
      const { services } = JSON.parse(await admins(url, 'services', '--json')) as { services: Shown[] }
      const held = services.find(({ project: it, service }) => `${it}/${service}` === name)?.freeze
      expect(held).toMatchObject({ who: 'anna', reason: 'the database moves' })

      await project.write('compose.yaml', yaml(2))
      for (const sent of [token, adminToken]) {
        const { status, body } = await ask('POST', `${deployment.urls.at(-1)}/${name}`, sent).answer
        expect(status).toBe(423)
        expect(JSON.parse(body)).toMatchObject({
          code: 'service_frozen',
          detail: expect.stringContaining(
            `frozen by anna until ${held?.until} (the database moves)`,
          ) as string,
          freeze: held,
        })
      }
      expect(await getJson(`${url}/jobs`, token)).toEqual({ jobs: [] })
      expect(await containersOf(project, 'hello')).toEqual(before)

      expect(await admins(url, 'unfreeze', 'hello')).toBe(`${name} can be deployed again.`)
      expect((await deploy()).exitCode).toBe('0')
      await expectReplaced(project, 'hello', before)
    })

    it('is deployed again when the freeze has ended by itself', async () => {
      const project = await startProject(url)
      const before = await containersOf(project, 'hello')
      await freeze('--for', '1h')
      await project.write('compose.yaml', yaml(2))
      expect((await deploy()).status).toBe(423)
      await freeze('--for', '1s')
      const answer = await until('the freeze has ended', async () => {
        const answer = await deploy()
        return answer.status !== 423 && answer
      })
      expect(answer).toMatchObject({ status: 200, exitCode: '0' })
      await expectReplaced(project, 'hello', before)
    })

    it('keeps no other from being deployed', async () => {
      await startProject(url)
      await freeze()
      expect((await post(`${url}/web`, token)).exitCode).toBe('0')
      expect(await admins(url, 'services')).toMatch(
        /hello +frozen .*\n {2}until somebody lifts it, by anna: the/,
      )
    })
  })
})

interface Shown {
  readonly project: string
  readonly service: string
  readonly freeze?: { readonly until?: string }
}

describeWithEngine('a job that was accepted before its service was frozen', () => {
  let compose: HeldCompose
  let deployment: Deployment
  let url: string
  beforeAll(async () => {
    compose = await holdCompose()
    deployment = await deployRedeployster('serve', { ...admin, COMPOSE_COMMAND: compose.command })
    ;[url] = deployment.urls
  })
  beforeEach(() => compose.reset())
  afterAll(async () => {
    await deployment.stop()
    await compose.remove()
  })

  const deploy = (service: string) => ask('POST', `${url}/${service}`, token)
  const freeze = () => admins(url, 'freeze', 'hello', ...why)

  async function expectRejected(asked: Asked) {
    const { exitCode, jobId, body } = await asked.answer
    expect(exitCode).toBe('126')
    const reason = /^redeployster: (rejected, .*)$/m.exec(body)?.[1]
    expect(reason).toMatch(
      /hello is frozen by anna until somebody lifts it \(the database moves\); deploy again/,
    )
    expect(await getJson(`${url}/jobs/${jobId}`, token)).toMatchObject({
      state: 'rejected',
      started: false,
      reason,
    })
  }

  it('goes on if it runs, and is rejected if it waits for its turn', async () => {
    await startProject(url)
    const running = deploy('hello')
    await compose.begun('hello')
    const queued = deploy('hello')
    await queued.begun
    await freeze()
    await compose.end('hello')
    expect((await running.answer).exitCode).toBe('0')
    await expectRejected(queued)
    expect(await compose.events()).toEqual(['begin hello', 'end hello'])
    // Not even a look: a job that pulls would have begun right after it.
    const { jobId = '' } = await queued.answer
    const lines = deployment.output().split('\n')
    expect(lines.filter((line) => line.includes(jobId) && line.includes('"at":"planned"'))).toEqual([])
  })

  it('is rejected if it waits for its lane', async () => {
    await startProject(url)
    const running = deploy('web')
    await compose.begun('web')
    const waiting = deploy('hello')
    await until('it waits for its lane', () => waiting.text().includes('redeployster: waiting for job'))
    await freeze()
    await compose.end('web')
    expect((await running.answer).exitCode).toBe('0')
    await expectRejected(waiting)
    expect(await compose.events()).toEqual(['begin web', 'end web'])
  })
})
