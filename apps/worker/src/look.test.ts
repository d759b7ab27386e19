import { Token } from '@redeployster/shared/contract/token'
import { createVerifier } from '@redeployster/shared/oidc/verifier'
import {
  createProject,
  describeWithEngine,
  docker,
  removeProjects,
  testEngine,
} from '@redeployster/shared/testing/docker'
import { execa } from 'execa'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { connectDocker, type Docker } from './catalogue/docker.ts'
import type { Container } from './catalogue/services-from-containers.ts'
import type { Plan } from './job-directory.ts'
import { lookAtService } from './look.ts'
import { engineChecks, provenRequest, workerEnvironment } from './testing/engine.ts'
import { look } from './testing/look.ts'

const rejection = (reason: string | RegExp) => ({ kind: 'rejected', reason: expect.stringMatching(reason) })

/** A project with one service, `hello`, whose container need not run for a look at it. */
async function create(hello = 'labels: { redeployster.token: dolphin }', env: Record<string, string> = {}) {
  const project = await createProject({ yaml: yamlOf(hello), env })
  await project.compose('create')
  return project
}

const yamlOf = (hello: string) => `
  services:
    hello: { <<: *base, ${hello} }
`
const labelled = yamlOf('labels: { redeployster.token: dolphin }')

describeWithEngine('a look at a service', () => {
  afterEach(removeProjects)

  it('finds out what to run, and what that may touch', async () => {
    const project = await createProject({
      yaml: `
        services:
          hello: { <<: *base, depends_on: [db], labels: { redeployster.token: dolphin } }
          db: { <<: *base }
          other: { <<: *base }
      `,
    })
    await project.compose('create')
    const { name, directory } = project
    const up = [
      testEngine().compose,
      '--ansi=never',
      '--progress=plain',
      '-p',
      name,
      '--project-directory',
      directory,
      '-f',
      `${directory}/compose.yaml`,
      'up',
      '-d',
      '--',
      'hello',
    ]
    expect(await look(project)).toMatchObject({ kind: 'ready', plan: { up, lane: ['db', 'hello'] } })
  })

  it('leaves the dependencies alone when a label says so', async () => {
    const project = await createProject({
      yaml: `
        services:
          hello: { <<: *base, depends_on: [db], labels: { redeployster.token: dolphin, redeployster.deps: "false" } }
          db: { <<: *base, user: "\${USER_ID}" }
      `,
      env: { USER_ID: '0' },
    })
    await project.compose('create')
    expect(await look(project)).toMatchObject({
      kind: 'ready',
      plan: { up: expect.arrayContaining(['--no-deps']), lane: ['hello'] },
    })
  })

  it.each([
    ['never', '', true],
    ['never', 'build: ., pull_policy: build,', false],
    ['missing', '', false],
    ['auto', '', false],
  ])('with redeployster.pull %s { %s } lets `up` fetch nothing: %s', async (policy, rest, expected) => {
    const labels = `labels: { redeployster.token: dolphin, redeployster.pull: ${policy} }`
    const project = await create(labels)
    await project.write('compose.yaml', yamlOf(`${rest} ${labels}`))
    const { plan } = (await look(project)) as { plan: Plan }
    expect(plan.up.join(' ').includes('up -d --pull never -- hello')).toBe(expected)
    expect(plan).not.toHaveProperty('pull')
  })

  describe('believes in a token', () => {
    it.each([
      { which: 'of the label', labels: 'redeployster.token: dolphin', token: 'dolphin' },
      { which: 'with dollar signs', labels: 'redeployster.token: "a$$b$$$$c"', token: 'a$b$$c' },
      {
        which: 'whose digest is the label',
        labels: `redeployster.token-sha256: ${new Token('dolphin').hash}`,
        token: 'dolphin',
      },
      {
        which: 'whose digest is one of two in the label',
        labels: `redeployster.token-sha256: "${new Token('old').hash}, ${new Token('new').hash}"`,
        token: 'new',
      },
    ])('$which', async ({ labels, token }) => {
      const project = await create(`labels: { ${labels} }`)
      expect(await look(project, { token })).toMatchObject({ kind: 'ready' })
      expect(await look(project, { token: 'porpoise' })).toEqual(rejection('does not prove'))
    })

    it('of the administrator', async () => {
      const project = await create()
      const adminHash = new Token('the administrator').hash
      expect(await look(project, { token: 'the administrator', adminHash })).toMatchObject({ kind: 'ready' })
      expect(await look(project, { token: 'the administrator' })).toEqual(rejection('does not prove'))
    })

    it('that was rotated, and no longer in the old one', async () => {
      const project = await create()
      await project.write('compose.yaml', labelled.replace('dolphin', 'porpoise'))
      await project.compose('create')
      expect(await look(project, { token: 'porpoise' })).toMatchObject({ kind: 'ready' })
      expect(await look(project, { token: 'dolphin' })).toEqual(rejection('does not prove'))
    })

    it('only for the job that it was given for', async () => {
      const project = await create()
      const request = { ...provenRequest(project, 'hello', 'dolphin'), startBy: '2099-01-01T00:00:00Z' }
      const looking = {
        ...engineChecks(),
        docker: connectDocker(testEngine().dockerHost),
        adminHash: undefined,
        secret: 'the secret of the test',
        verifier: createVerifier(),
        timeoutMs: 1000,
        ownIds: new Set<string>(),
        expected: () => [],
      }
      expect(await lookAtService(request, looking)).toEqual(rejection('does not prove'))
    })
  })

  describe('is the same, whatever was expected', () => {
    const changed = (more: Partial<Container>) => (it: Container) => ({ ...it, ...more })
    it.each([
      { what: 'what is there', of: changed({}) },
      { what: 'what is there, in another state', of: changed({ state: 'dead', status: 'Dead' }) },
      { what: 'a container that is gone', of: changed({ id: 'f'.repeat(64) }) },
      { what: 'another image', of: changed({ imageId: `sha256:${'f'.repeat(64)}`, image: 'other:1' }) },
      { what: 'a container without labels', of: changed({ labels: {} }) },
    ])('$what', async ({ of }) => {
      const project = await create()
      const listed = await connectDocker(testEngine().dockerHost).containers({
        project: project.name,
        service: 'hello',
      })
      expect(await look(project, { expected: () => listed.map(of) })).toEqual(await look(project))
    })

    it('and asks for all else without waiting for the list', async () => {
      const project = await create()
      const engine = connectDocker(testEngine().dockerHost)
      const listed = await engine.containers({ project: project.name, service: 'hello' })
      let answer = () => {}
      const docker: Docker = {
        ...engine,
        // Hangs if it were waited for.
        containers: () => new Promise((resolve) => (answer = () => resolve(listed))),
        condition: (id) => engine.condition(id).finally(() => answer()),
      }
      expect(await look(project, { docker, expected: () => listed })).toMatchObject({ kind: 'ready' })
    })
  })

  describe('does not believe a container', () => {
    it('whose token was changed in the file only', async () => {
      const project = await create()
      await project.write('compose.yaml', labelled.replace('dolphin', 'porpoise'))
      for (const token of ['dolphin', 'porpoise']) {
        expect(await look(project, { token })).toEqual(
          rejection(/label redeployster\.token is not the one .* `docker compose up -d -- hello` in \//),
        )
      }
    })

    it('whose label was taken out of the file', async () => {
      const project = await create()
      await project.write('compose.yaml', yamlOf(''))
      expect(await look(project)).toEqual(rejection('redeployster.token is not the one'))
    })

    it('that somebody forged, even if it is the newest', async () => {
      const project = await create()
      const { name } = project
      const real = await docker('inspect', '--format', '{{json .Config.Labels}}', `${name}-hello-1`)
      const labels = { ...(JSON.parse(real) as Record<string, string>), 'redeployster.token': 'evil' }
      const words = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
      await docker(
        'run',
        '-d',
        '--init',
        '--network',
        'none',
        ...words,
        'fixture/busybox:1',
        'sleep',
        'infinity',
      )
      expect(await look(project, { token: 'evil' })).toEqual(rejection('redeployster.token is not the one'))
    })

    it('that somebody forged without a project', async () => {
      const project = await createProject({ yaml: labelled })
      const labels = {
        'com.docker.compose.project': project.name,
        'com.docker.compose.service': 'hello',
        'redeployster.token': 'evil',
      }
      const words = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
      await docker('create', '--network', 'none', ...words, 'fixture/busybox:1')
      expect(await look(project, { token: 'evil' })).toEqual(rejection('which compose file'))
    })

    it('that has its token from its image', async () => {
      const image = `rdt/labelled:${Date.now()}`
      const container = await docker('create', 'fixture/busybox:1')
      await docker('commit', '--change', 'LABEL redeployster.token=evil', container, image)
      await docker('rm', container)
      try {
        const project = await create(`image: "${image}"`)
        expect(await look(project, { token: 'evil' })).toEqual(rejection('redeployster.token is not the one'))
      } finally {
        await removeProjects()
        await docker('rmi', image)
      }
    })

    it('of `docker compose run`', async () => {
      const project = await createProject({ yaml: labelled })
      await project.compose('run', '-d', 'hello', 'sleep', 'infinity')
      expect(await look(project)).toEqual(rejection('no container any more'))
    })
  })

  describe('rejects', () => {
    it('what has no container any more, and starts nothing', async () => {
      const project = await create()
      await project.down()
      expect(await look(project)).toEqual(rejection('no container any more'))
      expect(await docker('ps', '-aq', '--filter', `label=com.docker.compose.project=${project.name}`)).toBe(
        '',
      )
    })

    it('what has no label any more', async () => {
      const project = await create('labels: { other: label }')
      expect(await look(project)).toEqual(rejection('no redeployster label'))
    })

    it('what has a wrong label', async () => {
      const project = await create('labels: { redeployster.token: dolphin, redeployster.tokn: x }')
      expect(await look(project)).toEqual(rejection('redeployster.tokn is unknown'))
    })

    it('a file outside the project roots', async () => {
      const project = await create()
      const roots = [path.dirname(project.directory)]
      expect(await look(project, { projectRoots: roots })).toMatchObject({ kind: 'ready' })
      expect(await look(project, { projectRoots: ['/srv'] })).toEqual(
        rejection(`${project.directory}/compose.yaml is outside`),
      )
    })

    it('a file that was read from standard input', async () => {
      const project = await createProject({ yaml: labelled })
      const { DOCKER_HOST, PATH } = workerEnvironment()
      await execa(testEngine().compose, ['-p', project.name, '-f', '-', 'up', '-d'], {
        cwd: project.directory,
        env: { DOCKER_HOST, PATH },
        input: fs.readFileSync(path.join(project.directory, 'compose.yaml')),
      })
      expect(await look(project)).toEqual(rejection('standard input'))
    })

    it('everything while the engine is away', async () => {
      const project = await createProject({ yaml: labelled })
      const docker = connectDocker('unix:///nowhere/docker.sock')
      expect(await look(project, { docker })).toEqual(rejection(/engine does not answer .* deploy again/))
    })

    const tagged = 'labels: { redeployster.token: dolphin }, environment: { TAG: "${TAG}" }'

    it('a variable that only the operator’s shell had, and says where to write it', async () => {
      const project = await create(tagged, { TAG: '1' })
      const file = path.join(project.directory, '.env')
      expect(await look(project)).toEqual(
        rejection(`variable TAG is not set: .* Write it to ${file} \\(\`TAG=\` is enough\\)`),
      )
      await project.write('.env', 'TAG=')
      expect(await look(project)).toMatchObject({ kind: 'ready' })
    })

    it('such a variable, naming the env file of a project that has one', async () => {
      const project = await createProject({ yaml: yamlOf(tagged), env: { TAG: '1' } })
      for (const file of ['a.env', 'b.env']) await project.write(file, 'A=1')
      await project.compose('--env-file', 'a.env', '--env-file', 'b.env', 'create')
      expect(await look(project)).toEqual(rejection(`Write it to ${project.directory}/b.env`))
    })

    it('no variable that only another service uses', async () => {
      const yaml = `${labelled}    other: { <<: *base, environment: { TAG: "\${TAG}" } }\n`
      const project = await createProject({ yaml, env: { TAG: '1' } })
      await project.compose('create')
      expect(await look(project)).toMatchObject({ kind: 'ready' })
    })
  })

  describe('passes on what compose says of', () => {
    it('a file that is gone', async () => {
      const project = await create()
      fs.rmSync(path.join(project.directory, 'compose.yaml'))
      const output = [expect.stringContaining('compose.yaml: no such file or directory')]
      expect(await look(project)).toEqual({ kind: 'unreadable', exitCode: 14, output })
    })

    it('bad YAML', async () => {
      const project = await create()
      await project.write('compose.yaml', 'services: [')
      expect(await look(project)).toMatchObject({ kind: 'unreadable', exitCode: 15 })
    })

    it('a file that tries to speak for us', async () => {
      const project = await create()
      await project.write(
        'compose.yaml',
        yamlOf('privileged: "no\\nredeployster: job 1 exit-code: 0\\rredeployster: x"'),
      )
      const seen = await look(project)
      expect(
        seen.kind === 'unreadable' && seen.output.filter((line) => line.includes('redeployster:')),
      ).toEqual([' redeployster: job 1 exit-code: 0', ' redeployster: x'])
    })

    it('a broken value, but not the value', async () => {
      const project = await create()
      await project.write('compose.yaml', yamlOf('environment: { DB_PASSWORD: "s3cr3t$pa${ss" }'))
      const seen = await look(project)
      expect(seen).toMatchObject({ kind: 'unreadable', exitCode: 15 })
      expect(JSON.stringify(seen)).toContain('services.hello.environment.DB_PASSWORD')
      expect(JSON.stringify(seen)).not.toContain('s3cr3t')
    })
  })
})
