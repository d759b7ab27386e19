import { randomBytes } from 'node:crypto'
import { createProject, describeWithEngine, removeProjects } from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { getJson, post } from '../harness/http.ts'
import { deployRedeployster, published, type Deployment } from '../harness/layout.ts'

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
})
