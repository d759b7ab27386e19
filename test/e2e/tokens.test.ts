import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import {
  createProject,
  describeWithEngine,
  docker,
  removeProjects,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { dumpRedis } from '@redeployster/shared/testing/redis-dump'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { containersOf, expectReplaced } from '../harness/containers.ts'
import { ask, getJson, post } from '../harness/http.ts'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { until } from '../harness/until.ts'

// How long a container has to run is what the tests of the gate are for.
const quick = 'redeployster.gate: 500ms'

const hello = (version: number, labels: string) => `
  services:
    hello:
      <<: *base
      environment: { VERSION: "${version}" }
      depends_on: [db]
      labels: { ${labels === '' ? '' : `${labels}, ${quick}`} }
    db:
      <<: *base
      environment: { VERSION: "${version}" }
`

const tokens: string[] = []

function randomToken(): string {
  const token = randomBytes(16).toString('hex')
  tokens.push(token)
  return token
}

const sha256 = (token: string) => createHash('sha256').update(token).digest('hex')

// The real compose, which notes whose `up` it was and keeps what the worker had written for it.
const upWithCopy = `
mkdir -p "$folder/jobs"
cp -r .. "$folder/jobs/$$"
real "$@"`

describeWithEngine('tokens and labels', () => {
  describe.each(layouts)('by %s', (layout) => {
    let compose: ScriptedCompose
    let deployment: Deployment
    let url: string

    beforeAll(async () => {
      compose = await scriptCompose(upWithCopy, 'echo "$*"')
      deployment = await deployRedeployster(layout, { COMPOSE_COMMAND: compose.command })
      ;[url] = deployment.urls
    })
    afterAll(async () => {
      await deployment.stop()
      await compose.remove()
    })
    afterEach(removeProjects)

    async function startProject(labels: string): Promise<TestProject> {
      const project = await createProject({ yaml: hello(1, labels) })
      await project.up()
      return project
    }

    const change = (project: TestProject, version: number, labels: string) =>
      project.write('compose.yaml', hello(version, labels))

    /** The status of a request, which must be the same from each API. */
    async function statusOf(method: string, path: string, token: string): Promise<string> {
      const answers = deployment.urls.map((each) => ask(method, each + path, token).answer)
      return [...new Set((await Promise.all(answers)).map(({ status }) => status))].join(' or ')
    }

    async function startsOf({ name }: TestProject): Promise<readonly string[]> {
      return (await compose.starts()).filter((line) => line.includes(name))
    }

    /** Deploys a service whose file was changed. Resolves to the exit code; if that is 0, it really was deployed. */
    async function deploy(project: TestProject, token: string) {
      const before = await containersOf(project, 'hello')
      const { exitCode } = await post(`${url}/hello`, token)
      if (exitCode === '0') await expectReplaced(project, 'hello', before)
      return exitCode
    }

    async function gone(token: string) {
      await until('the service is gone', async () => {
        const { services } = await getJson<{ services: { state: string }[] }>(`${url}/services`, token)
        return services.map(({ state }) => state).join() === 'gone'
      })
    }

    const saysOfWorker = (text: string) => deployment.process('worker').says(text)

    describe('after the token was rotated in the file and the container recreated', () => {
      async function rotate() {
        const [old, next] = [randomToken(), randomToken()]
        const project = await startProject(`redeployster.token: ${old}`)
        await published(url, old, 'hello')
        const { jobId } = await post(`${url}/hello`, old)
        await change(project, 2, `redeployster.token: ${next}`)
        await project.up()
        await published(url, next, 'hello')
        return { old, next, project, jobId }
      }

      it('the new one deploys, and the old one is wrong', async () => {
        const { old, next, project } = await rotate()
        await change(project, 3, `redeployster.token: ${next}`)
        expect(await statusOf('POST', '/hello', old)).toBe('401')
        expect(await startsOf(project)).toHaveLength(1)
        expect(await deploy(project, next)).toBe('0')
      })

      it('the old one reads the job that it asked for, and nothing else', async () => {
        const { old, next, jobId } = await rotate()
        const { jobId: nextJob } = await post(`${url}/hello`, next)
        const answers = await Promise.all(
          [
            `GET /jobs/${jobId}`,
            `GET /jobs/${jobId}/log`,
            `GET /jobs/${jobId}/log?follow`,
            `GET /jobs/${nextJob}`,
            `GET /jobs/${nextJob}/log`,
            'GET /jobs',
            'GET /services',
            'POST /hello',
          ].map(async (request) => {
            const [method = '', path = ''] = request.split(' ')
            return `${request}: ${await statusOf(method, path, old)}`
          }),
        )
        expect(answers).toEqual([
          `GET /jobs/${jobId}: 200`,
          `GET /jobs/${jobId}/log: 200`,
          `GET /jobs/${jobId}/log?follow: 200`,
          `GET /jobs/${nextJob}: 401`,
          `GET /jobs/${nextJob}/log: 401`,
          'GET /jobs: 401',
          'GET /services: 401',
          'POST /hello: 401',
        ])
        expect(await getJson(`${url}/jobs/${jobId}`, next)).toMatchObject({ id: jobId, exitCode: 0 })
      })
    })

    it('a token changed in the file alone opens nothing, and the old one is told to bring the service up', async () => {
      const [old, next] = [randomToken(), randomToken()]
      const project = await startProject(`redeployster.token: ${old}`)
      await published(url, old, 'hello')
      await change(project, 2, `redeployster.token: ${next}`)

      expect(await statusOf('POST', '/hello', next)).toBe('401')
      const rejected = await post(`${url}/hello`, old)
      expect(rejected).toMatchObject({ status: 200, exitCode: '126' })
      expect(rejected.body).toContain(
        "nothing was started: its container's label redeployster.token is not the one that its compose file sets; " +
          `run \`docker compose up -d -- hello\` in ${project.directory} once`,
      )
      expect(await startsOf(project)).toEqual([])
    })

    it('each of two tokens deploys whose digests are in the label', async () => {
      const [one, two] = [randomToken(), randomToken()]
      const labels = `redeployster.token-sha256: "${sha256(one)}, ${sha256(two)}"`
      const project = await startProject(labels)
      for (const [index, token] of [one, two].entries()) {
        await published(url, token, 'hello')
        await change(project, index + 2, labels)
        expect(await deploy(project, token)).toBe('0')
      }
    })

    describe('after the service', () => {
      it('was taken down, the answer is 410, and nothing is started until it is up again', async () => {
        const token = randomToken()
        const project = await startProject(`redeployster.token: ${token}`)
        await published(url, token, 'hello')
        await project.down()
        const since = Date.now()
        await gone(token)

        expect(await statusOf('POST', '/hello', token)).toBe('410')
        expect(await getJson(`${url}/jobs`, token)).toEqual({ jobs: [] })
        expect(await createdContainers(project, since)).toBe('')

        await project.up()
        await published(url, token, 'hello')
        await change(project, 2, `redeployster.token: ${token}`)
        expect(await deploy(project, token)).toBe('0')
        expect(await startsOf(project)).toHaveLength(1)
      })

      it('was taken down while no worker ran, the answer is 410 as well', async () => {
        const token = randomToken()
        const project = await startProject(`redeployster.token: ${token}`)
        await published(url, token, 'hello')
        await deployment.end('worker', 'SIGTERM')
        await project.down()
        await deployment.start()
        await gone(token)

        expect(await statusOf('POST', '/hello', token)).toBe('410')
        expect(await startsOf(project)).toEqual([])
      })

      // In `serve` there is no API without its worker.
      it.each(layout === 'serve' ? [] : ['a worker'])(
        'was taken down while a deploy waited for %s, the deploy is rejected, and nothing is started',
        async () => {
          const token = randomToken()
          const project = await startProject(`redeployster.token: ${token}`)
          await published(url, token, 'hello')
          await deployment.end('worker', 'SIGTERM')
          const asked = ask('POST', `${url}/hello`, token)
          await asked.begun
          await project.down()
          await deployment.start()

          const { exitCode, body } = await asked.answer
          expect(exitCode).toBe('126')
          expect(body).toContain('the service has no container any more')
          expect(await startsOf(project)).toEqual([])
          expect(await containersOf(project, 'hello')).toEqual([])
        },
      )

      it('has lost its label, the answer is 410, and nothing is started', async () => {
        const token = randomToken()
        const project = await startProject(`redeployster.token: ${token}`)
        await published(url, token, 'hello')
        await change(project, 2, '')
        await project.up()
        await gone(token)

        expect(await statusOf('POST', '/hello', token)).toBe('410')
        expect(await startsOf(project)).toEqual([])
      })
    })

    describe('a token that no compose file sets opens nothing', () => {
      const forge = async ({ name, directory }: TestProject, service: string, token: string) => {
        const labels = {
          'com.docker.compose.project': name,
          'com.docker.compose.service': service,
          'com.docker.compose.project.working_dir': directory,
          'com.docker.compose.project.config_files': path.join(directory, 'compose.yaml'),
          'redeployster.token': token,
        }
        const words = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
        const run = [
          'run',
          '-d',
          '--init',
          '--network',
          'none',
          ...words,
          'fixture/busybox:1',
          'sleep',
          '1000',
        ]
        return docker(...run)
      }

      it('when a container claims to be the service', async () => {
        const [token, forged] = [randomToken(), randomToken()]
        const project = await startProject(`redeployster.token: ${token}`)
        await published(url, token, 'hello')
        const id = await forge(project, 'hello', forged)
        await saysOfWorker(
          `${project.name}/hello is not deployable: its container's label redeployster.token is not the one`,
        )
        expect(await statusOf('POST', '/hello', forged)).toBe('401')

        await docker('rm', '-f', id)
        await published(url, token, 'hello')
      })

      it('when a container claims to be one more service of a project', async () => {
        const [token, forged] = [randomToken(), randomToken()]
        const project = await startProject(`redeployster.token: ${token}`)
        await forge(project, 'forged', forged)
        await saysOfWorker(`${project.name}/forged is not deployable: no such service: forged`)
        expect(await statusOf('POST', '/forged', forged)).toBe('401')
        await published(url, token, 'hello')
      })

      it('when the image brings it along', async () => {
        const token = randomToken()
        const image = `fixture/labelled:${randomBytes(5).toString('hex')}`
        const base = await docker('create', 'fixture/busybox:1')
        await docker('commit', '--change', `LABEL redeployster.token=${token}`, base, image)
        await docker('rm', base)
        const project = await createProject({ yaml: `services: { hello: { <<: *base, image: "${image}" } }` })
        await project.up()

        await saysOfWorker(
          `${project.name}/hello is not deployable: its container's label redeployster.token is not the one`,
        )
        expect(await statusOf('POST', '/hello', token)).toBe('401')
        await removeProjects()
        await docker('rmi', image)
      })
    })

    it('a container of `compose run` alone makes no service deployable', async () => {
      const [token, other] = [randomToken(), randomToken()]
      const project = await createProject({ yaml: hello(1, `redeployster.token: ${token}`) })
      await project.compose('run', '-d', 'hello')
      // Once the later one is published, the worker has seen the earlier one too.
      await startProject(`redeployster.token: ${other}`)
      await published(url, other, 'hello')

      expect(await statusOf('POST', '/hello', token)).toBe('401')
    })

    it.each([
      { label: 'redeployster.tokn: x', reason: 'its label redeployster.tokn is unknown' },
      { label: 'redeployster.deps: maybe', reason: 'its label redeployster.deps is' },
      { label: 'redeployster.token-sha256: 12ab', reason: 'its label redeployster.token-sha256 must hold' },
    ])(
      'a label that means nothing keeps a service from being deployable: $label',
      async ({ label, reason }) => {
        const token = randomToken()
        const project = await startProject(`redeployster.token: ${token}, ${label}`)
        await saysOfWorker(`${project.name}/hello is not deployable: ${reason}`)
        expect(await statusOf('POST', '/hello', token)).toBe('401')

        await change(project, 2, `redeployster.token: ${token}`)
        await project.up()
        await published(url, token, 'hello')
      },
    )

    it('a deploy replaces a changed dependency', async () => {
      const token = randomToken()
      const labels = `redeployster.token: ${token}`
      const project = await startProject(labels)
      await published(url, token, 'hello')
      const before = await containersOf(project, 'db')

      await change(project, 2, labels)
      expect(await deploy(project, token)).toBe('0')
      await expectReplaced(project, 'db', before)
    })

    it('a deploy leaves a changed dependency alone with `redeployster.deps: false`', async () => {
      const token = randomToken()
      const labels = `redeployster.token: ${token}, redeployster.deps: "false"`
      const project = await startProject(labels)
      await published(url, token, 'hello')
      const [hello] = await containersOf(project, 'hello')
      const db = await containersOf(project, 'db')

      await change(project, 2, labels)
      expect(await post(`${url}/hello`, token)).toMatchObject({ exitCode: '0' })

      expect(await containersOf(project, 'db')).toEqual(db)
      const deployed = await containersOf(project, 'hello')
      expect(deployed).toMatchObject([{ status: 'running' }])
      expect(deployed[0]?.id).not.toBe(hello?.id)
      // `config --hash` counts dependencies, and compose leaves them out here: only the same command finds it up to date.
      await project.up('--no-deps', 'hello')
      expect(await containersOf(project, 'hello')).toEqual(deployed)
    })

    it('a service stays deployable when a worker starts while its compose file is gone, and compose says what is wrong', async () => {
      const token = randomToken()
      const labels = `redeployster.token: ${token}`
      const project = await startProject(labels)
      await published(url, token, 'hello')
      await deployment.end('worker', 'SIGTERM')
      await fs.rm(path.join(project.directory, 'compose.yaml'))
      await deployment.start()
      await saysOfWorker(`${project.name}/hello is not deployable`)

      const failed = await post(`${url}/hello`, token)
      expect(failed).toMatchObject({ status: 200, exitCode: '14' })
      expect(failed.body).toContain(`${project.directory}/compose.yaml: no such file or directory`)
      expect(await startsOf(project)).toEqual([])

      await change(project, 2, labels)
      expect(await deploy(project, token)).toBe('0')
    })

    it('a token is kept nowhere: not in Redis, not in the state directory, not in what is logged', async () => {
      const token = randomToken()
      const wrong = randomToken()
      const labels = `redeployster.token: ${token}`
      const project = await startProject(labels)
      await published(url, token, 'hello')
      await change(project, 2, labels)
      expect(await deploy(project, token)).toBe('0')
      expect((await post(`${url}/hello`, wrong)).status).toBe(401)

      const files = await filesIn(deployment.stateDir)
      const socket = files.find(({ file }) => file.endsWith('.sock'))?.file
      const places = {
        Redis: await dumpRedis(deployment.redisUrl ?? `unix://${socket}`),
        'the state directory': textOf(files),
        'the folder of a job': textOf(await filesIn(path.join(compose.folder, 'jobs'))),
        'what is logged': deployment.output(),
      }
      const holding = (word: string) =>
        Object.entries(places).flatMap(([place, text]) => (text.includes(word) ? [place] : []))

      expect(holding(project.name)).toEqual(
        expect.arrayContaining(['Redis', 'the folder of a job', 'what is logged']),
      )
      for (const it of tokens) {
        expect(holding(it)).toEqual([])
        expect(holding(sha256(it))).toEqual([])
      }
    })
  })
})

/** The containers that the engine has made for a project since then. */
async function createdContainers({ name }: TestProject, since: number): Promise<string> {
  const window = ['--since', String(since / 1000), '--until', String(Date.now() / 1000)]
  const filters = ['--filter', 'event=create', '--filter', `label=com.docker.compose.project=${name}`]
  return docker('events', ...window, ...filters)
}

interface ReadFile {
  readonly file: string
  readonly text: string
}

async function filesIn(folder: string): Promise<readonly ReadFile[]> {
  const found = await fs.readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(
    found
      .filter((it) => !it.isDirectory())
      .map(async (it) => {
        const file = path.join(it.parentPath, it.name)
        return { file, text: it.isFile() ? await fs.readFile(file, 'utf8') : '' }
      }),
  )
}

function textOf(files: readonly ReadFile[]): string {
  return files.map(({ file, text }) => `${file}\n${text}`).join('\n')
}
