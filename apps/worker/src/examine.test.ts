import {
  createProject,
  describeWithEngine,
  docker,
  removeProjects,
  testEngine,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { examineHost, type ExamineOptions, type HostReport } from './examine.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const token = 'redeployster.token: dolphin'
const yamlOf = (hello: string) => `
  services:
    hello: { <<: *base, ${hello} }
`

async function start(hello = `labels: { ${token} }`, env = {}): Promise<TestProject> {
  const project = await createProject({ yaml: yamlOf(hello), env })
  await project.up()
  return project
}

function examine(options: Partial<ExamineOptions> = {}): Promise<HostReport> {
  const { dockerHost, compose } = testEngine()
  const given = { dockerHost, composeCommand: [compose], passEnv: [], deployTimeoutMs: 900_000 }
  return examineHost({ ...given, env: process.env, ...options })
}

/** What the report says of a project's service; other tests may have services of their own on the engine. */
async function reportOn({ name }: TestProject, service = 'hello', options: Partial<ExamineOptions> = {}) {
  return serviceNamed(`${name}/${service}`, await examine(options))
}

function serviceNamed(name: string, { services }: HostReport) {
  return services?.find((it) => it.name === name)
}

/** Their IDs; a container that is made anew has another. */
function containersOf(project: string): Promise<string> {
  return docker('ps', '-aq', '--filter', `label=com.docker.compose.project=${project}`)
}

const refusal = (reason: string | RegExp) => ({ isDeployable: false, reason: expect.stringMatching(reason) })

describeWithEngine('examineHost', () => {
  afterEach(removeProjects)

  it('says which engine and which compose a worker would use', async () => {
    const { dockerHost, compose } = testEngine()
    expect(await examine()).toMatchObject({
      dockerHost,
      variables: { DOCKER_HOST: dockerHost },
      engine: { version: expect.stringMatching(/^\d+\./) },
      compose: { command: [compose], version: expect.stringMatching(/^\d+\./) },
      flock: {},
    })
  })

  it('shows what a deploy would run, without doing anything or telling the token', async () => {
    const more = 'depends_on: [db], image: "fixture/busybox:1"'
    const yaml = `${yamlOf(`${more}, labels: { ${token}, redeployster.pull: always, redeployster.gate: 90s }`)}    db: { <<: *base }\n`
    const project = await createProject({ yaml })
    await project.up()
    const { name, directory } = project
    const before = await containersOf(name)
    const report = await examine()
    const words = ['-p', name, '--project-directory', directory, '-f', `${directory}/compose.yaml`]
    const compose = [testEngine().compose, '--ansi=never', '--progress=plain', ...words]
    expect(serviceNamed(`${name}/hello`, report)).toEqual({
      isDeployable: true,
      name: `${name}/hello`,
      hasWeakToken: true,
      lane: ['db', 'hello'],
      commands: {
        pull: [...compose, 'pull', '--', 'hello'],
        up: [...compose, 'up', '-d', '--', 'hello'],
      },
      settings: {
        pull: 'always',
        gateMs: 90_000,
        rollback: false,
        timeoutMs: 900_000,
        withDependencies: true,
      },
    })
    expect(serviceNamed(`${name}/db`, report)).toBeUndefined()
    expect(JSON.stringify(report)).not.toContain('dolphin')
    expect(await containersOf(name)).toBe(before)
  })

  it('shows no pull of an image that never came from a registry', async () => {
    const report = await reportOn(await start())
    expect(report?.isDeployable && Object.keys(report.commands)).toEqual(['up'])
  })

  describe('says why not, of', () => {
    it('a container that `docker run` gave the label', async () => {
      const words = ['--network', 'none', '--label', 'redeployster.token=evil']
      const id = await docker('create', ...words, 'fixture/busybox:1')
      try {
        expect(
          serviceNamed(`container ${id.slice(0, 12)} of fixture/busybox:1`, await examine()),
        ).toMatchObject(refusal('belongs to no compose service; `docker run` or its image'))
      } finally {
        await docker('rm', id)
      }
    })

    it('a service that `docker run` was made to look like', async () => {
      const project = await start('')
      const { name } = project
      const real = await docker('inspect', '--format', '{{json .Config.Labels}}', `${name}-hello-1`)
      const labels = { ...(JSON.parse(real) as Record<string, string>), 'redeployster.token': 'evil' }
      const words = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
      await docker('run', '-d', '--init', '--network', 'none', ...words, 'fixture/busybox:1', 'sleep', '999')
      expect(await reportOn(project)).toMatchObject(refusal('redeployster.token is not the one'))
    })

    it('a token that the image brings', async () => {
      const image = `rdt/examined:${Date.now()}`
      const container = await docker('create', 'fixture/busybox:1')
      await docker('commit', '--change', 'LABEL redeployster.token=evil', container, image)
      await docker('rm', container)
      try {
        const project = await start(`image: "${image}"`)
        expect(await reportOn(project)).toMatchObject(refusal('redeployster.token is not the one'))
      } finally {
        await removeProjects()
        await docker('rmi', image)
      }
    })

    it('a container of `docker compose run`', async () => {
      const project = await createProject({ yaml: yamlOf(`labels: { ${token} }`) })
      const container = await project.compose('run', '-d', 'hello', 'sleep', 'infinity')
      const id = await docker('inspect', '--format', '{{.Id}}', container)
      const report = await examine()
      expect(serviceNamed(`container ${id.slice(0, 12)} of fixture/busybox:1`, report)).toMatchObject(
        refusal('docker compose run'),
      )
      expect(serviceNamed(`${project.name}/hello`, report)).toBeUndefined()
    })

    it('a file outside the project roots, also when a link leads out', async () => {
      const project = await start()
      const roots = temporaryFolder()
      const outside = await reportOn(project, 'hello', { projectRoots: [roots] })
      expect(outside).toMatchObject(refusal(`${project.directory}/compose.yaml is outside PROJECT_ROOTS`))

      const link = path.join(roots, 'link.yaml')
      fs.symlinkSync(path.join(project.directory, 'compose.yaml'), link)
      await project.compose('-f', link, 'up', '-d', '--force-recreate')
      const linked = await reportOn(project, 'hello', { projectRoots: [roots] })
      expect(linked).toMatchObject(refusal(`${link} is outside PROJECT_ROOTS`))
    })

    it.each([
      ['beside the token', `{ ${token}, redeployster.gat: none }`, 'redeployster.gat is unknown'],
      ['of the token itself', '{ redeployster.tokn: dolphin }', 'redeployster.tokn is unknown'],
      [
        'that stands alone',
        '{ redeployster.pull: never }',
        'none of the labels redeployster.token, redeployster.token-sha256',
      ],
    ])('a label %s', async (_, labels, reason) => {
      expect(await reportOn(await start(`labels: ${labels}`))).toMatchObject(refusal(reason))
    })

    it('a variable that is set nowhere', async () => {
      const project = await start(`labels: { ${token} }, environment: { TAG: "\${TAG}" }`, { TAG: '1' })
      expect(await reportOn(project)).toMatchObject(refusal(/variable TAG is not set.*\.env/))
    })

    it('a file that is gone', async () => {
      const project = await start()
      fs.rmSync(path.join(project.directory, 'compose.yaml'))
      expect(await reportOn(project)).toMatchObject(refusal(/\(exit code 14\): .*no such file/))
    })
  })
})

describe('examineHost without an engine and a compose', () => {
  it('says what is missing, and looks for no services', async () => {
    const report = await examineHost({
      dockerHost: 'unix:///nowhere/docker.sock',
      composeCommand: ['/nowhere/compose'],
      passEnv: [],
      deployTimeoutMs: 1000,
      env: { PATH: '/nowhere' },
    })
    expect(report).toMatchObject({
      engine: { problem: expect.stringContaining('ENOENT') },
      compose: { problem: expect.stringMatching(/^COMPOSE_COMMAND: expected Docker Compose v2/) },
      flock: { problem: expect.stringContaining('flock is not installed') },
    })
    expect(report.services).toBeUndefined()
  })
})
