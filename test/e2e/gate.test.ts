import { randomBytes } from 'node:crypto'
import {
  createProject,
  describeWithEngine,
  docker,
  removeProjects,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { containersOf } from '../harness/containers.ts'
import { getJson, post } from '../harness/http.ts'
import { deployRedeployster, published, type Deployment } from '../harness/layout.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

const healthcheck = (test: string, rest: string) => `healthcheck: { test: ["CMD-SHELL", "${test}"], ${rest} }`

interface Case {
  readonly what: string
  readonly service: string
  readonly exitCode: number
  readonly says?: string
}

const cases: readonly Case[] = [
  { what: 'keeps running', service: 'command: sleep 1000', exitCode: 0, says: 'gate passed' },
  { what: 'becomes healthy', service: healthcheck('true', 'interval: 1s'), exitCode: 0, says: 'gate passed' },
  {
    what: 'becomes healthy in a start period longer than the gate',
    service: `command: sh -c "sleep 3; touch /ok; sleep 1000"
      ${healthcheck('test -e /ok', 'interval: 500ms, retries: 1, start_period: 20s')}`,
    exitCode: 0,
    says: 'gate passed',
  },
  { what: 'is a one-shot that ends with 0', service: 'command: "true"', exitCode: 0 },
  {
    what: 'is a one-shot that ends with 3',
    service: 'command: sh -c "echo last words; exit 3"',
    exitCode: 3,
    says: 'last words',
  },
  {
    what: 'is a crash loop',
    service: 'command: sh -c "echo last words; exit 3"\n      restart: always',
    exitCode: 1,
    says: 'last words',
  },
  {
    what: 'turns unhealthy',
    service: healthcheck('false', 'interval: 500ms, retries: 2'),
    exitCode: 1,
    says: 'is unhealthy',
  },
  {
    what: 'never becomes healthy',
    service: healthcheck('sleep 100', 'interval: 100ms, timeout: 100s'),
    exitCode: 1,
    says: 'did not become healthy within 2 s',
  },
]

describeWithEngine('the gate, where bare `up -d` says 0 to everything:', () => {
  let deployment: Deployment

  beforeAll(async () => {
    deployment = await deployRedeployster('serve')
  })
  afterEach(removeProjects)
  afterAll(() => deployment.stop())

  it.each(cases)('a service that $what gets $exitCode', async ({ service, exitCode, says = '' }) => {
    const token = randomBytes(16).toString('hex')
    const labels = `labels: { redeployster.token: ${token}, redeployster.gate: 2s }`
    const project = await createProject({
      yaml: `
  services:
    hello:
      <<: *base
      ${labels}
`,
    })
    await project.up()
    await published(deployment.urls[0], token, 'hello')
    await project.write(
      'compose.yaml',
      `
  services:
    hello:
      <<: *base
      ${labels}
      ${service}
`,
    )

    const { body, jobId, exitCode: trailer } = await post(`${deployment.urls[0]}/hello`, token)

    expect(body).toContain(says)
    expect(trailer).toBe(String(exitCode))
    expect(await getJson(`${deployment.urls[0]}/jobs/${jobId}`, token)).toMatchObject({
      state: exitCode === 0 ? 'succeeded' : 'failed',
      exitCode,
    })
    // Rejects if it were anything but 0.
    await project.up('--force-recreate')
  })

  it('fails a second request, too, when the container that the first one has made does not work', async () => {
    const token = randomBytes(16).toString('hex')
    const project = await createProject({
      yaml: `
  services:
    hello:
      <<: *base
      healthcheck: { test: test -e /well, interval: 100ms, retries: 2 }
      labels: { redeployster.token: ${token} }
`,
    })
    await project.up()
    await published(deployment.urls[0], token, 'hello')
    const deploy = () => post(`${deployment.urls[0]}/hello`, token)

    const before = await containersOf(project, 'hello')
    expect((await deploy()).exitCode).toBe('1')
    expect(await deploy()).toMatchObject({
      exitCode: '1',
      body: expect.stringContaining('is unhealthy') as string,
    })
    expect(await containersOf(project, 'hello')).toEqual(before)

    await docker('exec', before[0]?.id ?? '', 'touch', '/well')
    await until(
      'it is healthy',
      async () =>
        (await docker('inspect', '--format', '{{.State.Health.Status}}', before[0]?.id ?? '')) === 'healthy',
    )
    expect(await deploy()).toMatchObject({ exitCode: '0' })
  })

  it('has nothing to wait for when no container changed', async () => {
    const token = randomBytes(16).toString('hex')
    const project = await createProject({
      yaml: `
  services:
    hello:
      <<: *base
      labels: { redeployster.token: ${token} }
`,
    })
    await project.up()
    await published(deployment.urls[0], token, 'hello')
    const { body, exitCode } = await post(`${deployment.urls[0]}/hello`, token)
    expect(exitCode).toBe('0')
    expect(body).not.toContain('gate')
  })

  describe('with a dependency', () => {
    const crashes = 'command: sh -c "echo last words; exit 3"\n      restart: always'
    const yaml = (token: string, db: string) => `
  services:
    hello:
      <<: *base
      depends_on: [db]
      labels: { redeployster.token: ${token}, redeployster.gate: 2s }
    db:
      <<: *base
      ${db}
`

    it.each([
      { what: 'that it has replaced and that crashes', before: '', exitCode: '1' },
      { what: 'that has crashed all the time', before: crashes, exitCode: '0' },
    ])('$what gets $exitCode', async ({ before, exitCode }) => {
      const token = randomBytes(16).toString('hex')
      const project = await createProject({ yaml: yaml(token, before) })
      await project.up()
      await published(deployment.urls[0], token, 'hello')
      await project.write('compose.yaml', yaml(token, crashes))

      const answer = await post(`${deployment.urls[0]}/hello`, token)

      expect(answer.exitCode).toBe(exitCode)
      if (exitCode === '0') return
      expect(answer.body).toMatch(/its dependency db does not work: \S+-db-1 ends .* again and again/)
      expect(answer.body).toContain('last words')
      // Rejects if it were anything but 0.
      await project.up('--force-recreate')
    })
  })

  it('names who shares a namespace of a container that is replaced, and only then', async () => {
    const token = randomBytes(16).toString('hex')
    const yaml = (version: number) => `
  services:
    vpn:
      <<: *base
      ipc: shareable
      environment: { VERSION: "${version}" }
      labels: { redeployster.token: ${token}, redeployster.gate: none }
    by-network: { <<: *base, network_mode: "service:vpn" }
    by-pid: { <<: *base, init: false, pid: "service:vpn" }
    by-ipc: { <<: *base, ipc: "service:vpn" }
    alone: { <<: *base }
`
    const project = await createProject({ yaml: yaml(1) })
    await project.up()
    await docker(
      'run',
      '-d',
      '--network',
      `container:${project.name}-vpn-1`,
      ...labelOf(project),
      'fixture/busybox:1',
      'sleep',
      '1000',
    )
    await published(deployment.urls[0], token, 'vpn')

    const unchanged = await post(`${deployment.urls[0]}/vpn`, token)
    await project.write('compose.yaml', yaml(2))
    const replaced = await post(`${deployment.urls[0]}/vpn`, token)

    const named = ({ body }: { body: string }) =>
      [...body.matchAll(/redeployster: (\S+).* shares a namespace .* deploy it, too/g)].map(
        ([, name]) => name,
      )
    expect([unchanged.exitCode, replaced.exitCode]).toEqual(['0', '0'])
    expect(named(unchanged)).toEqual([])
    expect(named(replaced)).toEqual(['by-ipc', 'by-network', 'by-pid', 'container'])
    expect(named(await post(`${deployment.urls[0]}/vpn`, token))).toEqual([])
  })
})

describeWithEngine('a service of which no container is left when compose is done', () => {
  let stage: Stage
  afterEach(() => stage.clear())

  it('fails when somebody has removed it by hand', async () => {
    const listed = 'docker ps -aq --filter label=com.docker.compose.service=hello'
    stage = await setStage({ up: `real "$@" && docker rm -f $(${listed})` })
    await stage.begin()
    expect(await outcome()).toEqual(without)
  })

  it('fails when its file asks for none', async () => {
    stage = await setStage({ lines: ['scale: ${SCALE:-1}'] })
    await stage.begin()
    await stage.project.write('.env', 'SCALE=0\n')
    expect(await outcome()).toEqual(without)
  })

  const without = { exitCode: '1', says: 'there is no container of hello', containers: [] }

  async function outcome() {
    const { exitCode, body } = await stage.deploy().answer
    return {
      exitCode,
      says: /there is no container of \w+/.exec(body)?.[0],
      containers: await stage.containers(),
    }
  }
})

/** So that it is removed with the project. */
function labelOf({ name }: TestProject): string[] {
  return ['--label', `com.docker.compose.project=${name}`]
}
