import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import {
  createProject,
  describeWithEngine,
  removeProjects,
  testEngine,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { containersOf, expectReplaced, variable, type SeenContainer } from '../harness/containers.ts'
import { getJson, post } from '../harness/http.ts'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'
import { until } from '../harness/until.ts'

/** A project in one of the ways in which people keep theirs. Each version of its files changes the service. */
interface Way {
  readonly files: (version: number, token: string) => Readonly<Record<string, string>>
  /** What a person types before `up -d`. */
  readonly flags?: readonly string[]
  readonly directory?: string
  readonly service?: string
  /** Another compose than v2. */
  readonly command?: () => string | undefined
  readonly afterUp?: (project: TestProject) => Promise<unknown>
  readonly containers?: number
  /** How the container ends up. */
  readonly status?: string
}

// How long a container has to run is what the tests of the gate are for.
const labels = (token: string) => `{ redeployster.token: ${token}, redeployster.gate: 500ms }`

const service = (version: number | string, token: string, more = '') => `
  services:
    hello:
      <<: *base
      environment: { VERSION: "${version}" }
      labels: ${labels(token)}
      ${more}
`

const ways: Readonly<Record<string, Way>> = {
  'a project named with -p': {
    files: (version, token) => ({ 'compose.yaml': service(version, token) }),
  },
  'a project of several files': {
    flags: ['-f', 'base.yaml', '-f', 'etc/more.yaml'],
    files: (version, token) => ({
      'compose.yaml': service('not this one', token),
      'base.yaml': service('nor this one', token),
      'etc/more.yaml': `services: { hello: { environment: { VERSION: "${version}" } } }`,
    }),
  },
  'a project with an override file': {
    files: (version, token) => ({
      'compose.yaml': service('overridden', token),
      'compose.override.yaml': `services: { hello: { environment: { VERSION: "${version}" } } }`,
    }),
  },
  'a project with --env-file': {
    flags: ['--env-file', 'etc/production.env'],
    files: (version, token) => ({
      'compose.yaml': service('$NUMBER', token),
      'etc/production.env': `NUMBER=${version}`,
      '.env': 'NUMBER=not-this-one',
    }),
  },
  'a project with two --env-file': {
    flags: ['--env-file', 'first.env', '--env-file', 'second.env'],
    files: (version, token) => ({
      'compose.yaml': service('$FIRST$SECOND', token),
      'first.env': 'FIRST=\nSECOND=overridden',
      'second.env': `SECOND=${version}`,
    }),
  },
  'a project in a folder of another --project-directory': {
    flags: ['--project-directory', 'etc', '-f', 'compose.yaml'],
    files: (version, token) => ({
      'compose.yaml': service('$NUMBER', token),
      'etc/.env': `NUMBER=${version}`,
      '.env': 'NUMBER=not-this-one',
    }),
  },
  'a project in a path with blanks': {
    directory: 'my  web shop',
    files: (version, token) => ({ 'compose.yaml': service(version, token) }),
  },
  'a project in a path with a comma': {
    directory: 'web,shop',
    flags: ['-f', 'compose.yaml', '-f', 'a,b.yaml', '--env-file', 'a,b.env'],
    files: (version, token) => ({
      'compose.yaml': service('overridden', token),
      'a,b.yaml': 'services: { hello: { environment: { VERSION: $NUMBER } } }',
      'a,b.env': `NUMBER=${version}`,
    }),
  },
  'a stopped service': {
    files: (version, token) => ({ 'compose.yaml': service(version, token) }),
    afterUp: (project) => project.compose('stop'),
  },
  'a service of two replicas': {
    files: (version, token) => ({ 'compose.yaml': service(version, token, 'deploy: { replicas: 2 }') }),
    containers: 2,
  },
  'a service of scale 2': {
    files: (version, token) => ({ 'compose.yaml': service(version, token, 'scale: 2') }),
    containers: 2,
  },
  'a service of a profile, with a dependency of the same profile': {
    flags: ['--profile', 'web'],
    files: (version, token) => ({
      'compose.yaml': `${service(version, token, 'profiles: [web]\n      depends_on: [db]')}
    db:
      <<: *base
      profiles: [web]
`,
    }),
  },
  'a one-shot': {
    files: (version, token) => ({ 'compose.yaml': service(version, token, 'command: "true"') }),
    status: 'exited',
  },
  'a service with a dot in its name that looks like an option': {
    service: '--help.me',
    files: (version, token) => ({
      'compose.yaml': service(version, token).replace('hello:', '"--help.me":'),
    }),
  },
  'a service that compose v1 has started, with the relative name of its file': {
    command: () => testEngine().composeV1,
    flags: ['-f', 'stack.yml'],
    files: (version, token) => ({ 'stack.yml': service(version, token) }),
    afterUp: async (project) => {
      const [container] = await containersOf(project, 'hello')
      expect(container?.labels['com.docker.compose.project.config_files']).toBe('stack.yml')
    },
  },
}

describeWithEngine('what people have started with docker compose', () => {
  describe.each(layouts)('by %s', (layout) => {
    let deployment: Deployment
    let url: string

    beforeAll(async () => {
      deployment = await deployRedeployster(layout)
      ;[url] = deployment.urls
    })
    afterAll(() => deployment.stop())
    afterEach(removeProjects)

    it.for(Object.entries(ways))('is found and deployed: %s', async ([, way], { skip }) => {
      const { flags = [], service: name = 'hello', containers = 1, status = 'running' } = way
      const command = way.command?.()
      skip(
        way.command !== undefined && command === undefined && process.env.CI !== 'true',
        'no compose v1 here',
      )
      const token = randomToken()
      const project = await createProject({
        yaml: 'services: {}',
        ...(way.directory !== undefined && { directory: way.directory }),
        ...(command !== undefined && { command }),
      })
      await writeAll(project, way.files(1, token))
      await project.compose(...flags, 'up', '-d')
      await way.afterUp?.(project)
      await published(url, token, name)
      const before = await containersOf(project, name)

      await writeAll(project, way.files(2, token))
      expect(await post(`${url}/${name}`, token)).toMatchObject({ status: 200, exitCode: '0' })

      const after = await expectReplaced(project, name, before, flags)
      expect(versionsOf(after)).toEqual(Array(containers).fill('2'))
      await until(`${name} is ${status}`, async () =>
        (await containersOf(project, name)).every((it) => it.status === status && it.exitCode === 0),
      )
    })

    describe('in two projects with a service of the same name', () => {
      async function arrange(tokens: readonly [string, string]) {
        const [one, two] = [
          await createProject({ yaml: service(1, tokens[0]) }),
          await createProject({ yaml: service(1, tokens[1]) }),
        ]
        for (const project of [one, two]) await project.up()
        await until('both are published', async () => {
          const listed = await Promise.all(tokens.map((token) => projectsOf(token)))
          return [one, two].every(({ name }) => listed.flat().includes(name))
        })
        await one.write('compose.yaml', service(2, tokens[0]))
        await two.write('compose.yaml', service(2, tokens[1]))
        return [one, two] as const
      }

      async function projectsOf(token: string): Promise<readonly string[]> {
        const { services = [] } = await getJson<{ services?: { project: string }[] }>(
          `${url}/services`,
          token,
        )
        return services.map(({ project }) => project)
      }

      it('is chosen by its token', async () => {
        const tokens = [randomToken(), randomToken()] as const
        const [one, two] = await arrange(tokens)
        const before = await containersOf(two, 'hello')

        expect(await post(`${url}/hello`, tokens[1])).toMatchObject({ exitCode: '0' })

        expect(versionsOf(await expectReplaced(two, 'hello', before))).toEqual(['2'])
        expect(versionsOf(await containersOf(one, 'hello'))).toEqual(['1'])
      })

      it('is asked for by its project when both have the same token', async () => {
        const token = randomToken()
        const [one, two] = await arrange([token, token])
        const before = await containersOf(one, 'hello')

        const unqualified = await post(`${url}/hello`, token)
        expect(unqualified.status).toBe(409)
        expect(unqualified.body).toContain(`POST /${one.name}/hello`)
        expect(unqualified.body).toContain(`POST /${two.name}/hello`)
        expect(versionsOf(await containersOf(one, 'hello'))).toEqual(['1'])

        expect(await post(`${url}/${one.name}/hello`, token)).toMatchObject({ exitCode: '0' })
        expect(versionsOf(await expectReplaced(one, 'hello', before))).toEqual(['2'])
        expect(versionsOf(await containersOf(two, 'hello'))).toEqual(['1'])
      })
    })

    describe('with a variable that was only in their shell', () => {
      const greeting = (version: number, token: string) => `
  services:
    hello:
      <<: *base
      environment: { VERSION: "${version}" }
      labels: ${labels(token)}
    other:
      <<: *base
      environment: { GREETING: $GREETING }
      labels: ${labels(token)}
`

      it('is rejected until the variable is in the .env, if only as empty', async () => {
        const token = randomToken()
        const project = await createProject({ yaml: greeting(1, token), env: { GREETING: 'hi' } })
        await project.up()
        await published(url, token, 'other')
        const before = await containersOf(project, 'other')

        const rejected = await post(`${url}/other`, token)
        expect(rejected).toMatchObject({ status: 200, exitCode: '126' })
        expect(rejected.body).toContain('the variable GREETING is not set')
        expect(rejected.body).toContain(`Write it to ${project.directory}/.env (\`GREETING=\` is enough)`)
        expect(await getJson(`${url}/jobs/${rejected.jobId}`, token)).toMatchObject({
          state: 'rejected',
          started: false,
        })
        expect(await containersOf(project, 'other')).toEqual(before)

        await project.write('.env', 'GREETING=')
        expect(await post(`${url}/other`, token)).toMatchObject({ exitCode: '0' })
        const [after] = await expectReplaced(project, 'other', before)
        expect(after && variable(after, 'GREETING')).toBe('')
      })

      it('is deployed when another service alone uses it', async () => {
        const token = randomToken()
        const project = await createProject({ yaml: greeting(1, token), env: { GREETING: 'hi' } })
        await project.up()
        await published(url, token, 'hello')
        const [before, other] = [await containersOf(project, 'hello'), await containersOf(project, 'other')]

        await project.write('compose.yaml', greeting(2, token))
        expect(await post(`${url}/hello`, token)).toMatchObject({ exitCode: '0' })

        expect(versionsOf(await expectReplaced(project, 'hello', before))).toEqual(['2'])
        expect(await containersOf(project, 'other')).toEqual(other)
      })
    })
  })
})

function randomToken(): string {
  return randomBytes(16).toString('hex')
}

function versionsOf(containers: readonly SeenContainer[]): readonly (string | undefined)[] {
  return containers.map((container) => variable(container, 'VERSION'))
}

async function writeAll(project: TestProject, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await fs.mkdir(path.dirname(path.join(project.directory, name)), { recursive: true })
    await project.write(name, text)
  }
}
