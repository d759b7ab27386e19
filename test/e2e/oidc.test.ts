import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { newJobId, type JobRecord, type JobRequest } from '@redeployster/shared/contract/job'
import { queueName, serviceName, type HostId } from '@redeployster/shared/contract/service'
import { createJobs } from '@redeployster/shared/jobs/redis-jobs'
import { createRequestQueue } from '@redeployster/shared/queue/bullmq-request-queue'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { keys } from '@redeployster/shared/redis/keys'
import { createLogger } from '@redeployster/shared/runtime/logger'
import {
  createProject,
  describeWithEngine,
  removeProjects,
  testEngine,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { startIssuer, type TestIssuer } from '@redeployster/shared/testing/issuer'
import { dumpRedis } from '@redeployster/shared/testing/redis-dump'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { runAction } from '../harness/actions-runner.ts'
import { containersOf, expectReplaced } from '../harness/containers.ts'
import { ask, getJson } from '../harness/http.ts'
import { deployRedeployster, published, type Deployment } from '../harness/layout.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { codeBlock } from '../harness/pages.ts'
import { shell } from '../harness/shell.ts'
import { until } from '../harness/until.ts'

const page = await fs.readFile(new URL('../../docs/oidc.md', import.meta.url), 'utf8')
/** There is no TLS on the loopback; curl is told where this is. */
const publicUrl = 'http://deploy.example.com'

const command = new URL('../../packages/cli/bin/redeployster.js', import.meta.url).pathname

const gitlab = {
  sub: 'project_path:acme/shop:ref_type:branch:ref:main',
  repository: undefined,
  project_path: 'acme/shop',
  ref: 'main',
  ref_path: 'refs/heads/main',
  run_id: undefined,
  pipeline_id: '815',
  actor: undefined,
  user_login: 'tanuki',
}

describeWithEngine('a service that is deployed by identity tokens', () => {
  let issuer: TestIssuer
  let project: TestProject
  let compose: ScriptedCompose
  let deployment: Deployment
  let redis: Redis
  let folder: string
  let url: string

  const yaml = (version: number, ends = false) => `
    services:
      hello:
        <<: *base
        ${ends ? 'command: sh -c "exit 3"' : `environment: { VERSION: "${version}" }`}
        labels:
          redeployster.oidc: ${labelOf('GitHub').replace('https://token.actions.githubusercontent.com', issuer.url)}
          redeployster.gate: 1s
      web:
        <<: *base
        labels:
          redeployster.oidc: ${labelOf('GitLab').replace('https://gitlab.com', issuer.url)}
          redeployster.gate: 1s
  `
  const github = (claims: object = {}) => issuer.token({ aud: publicUrl, ...claims })

  beforeAll(async () => {
    issuer = await startIssuer()
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-oidc-'))
    project = await createProject({ yaml: yaml(1) })
    await project.up()
    compose = await scriptCompose('[ -p "$folder/hold" ] && read line <"$folder/hold"; real "$@"')
    deployment = await deployRedeployster('two APIs and a worker', {
      PUBLIC_URL: publicUrl,
      COMPOSE_COMMAND: compose.command,
    })
    url = deployment.urls[0]
    redis = connectRedis(deployment.redisUrl ?? '', 'patient', createLogger('silent'))
    await published(url, await github(), 'hello')
    await fs.writeFile(
      path.join(folder, '.curlrc'),
      `connect-to = "deploy.example.com:80:${new URL(url).host}"\n`,
    )
  })
  afterAll(async () => {
    redis?.disconnect()
    await deployment?.stop()
    await compose?.remove()
    await removeProjects()
    await issuer?.stop()
    await fs.rm(folder, { recursive: true, force: true })
  })

  const lastJob = async () => {
    const { jobs } = await getJson<{ jobs: JobRecord[] }>(`${url}/jobs`, await github())
    return jobs[0]
  }

  describe('from GitHub Actions, by the step in the documentation', () => {
    let runner: http.Server
    let claims: object
    beforeAll(async () => {
      runner = http.createServer((request, response) => {
        const { searchParams } = new URL(request.url ?? '', 'http://runner')
        const isRight =
          request.headers.authorization === 'Bearer of the run' && searchParams.has('api-version')
        if (!isRight) return void response.writeHead(403).end()
        const token = issuer.token({ aud: searchParams.get('audience'), ...claims })
        void token.then((value) => response.end(JSON.stringify({ count: 1, value })))
      })
      runner.listen(0, '127.0.0.1')
      await once(runner, 'listening')
    })
    afterAll(() => void runner.close())

    function step(of: object = {}) {
      claims = of
      return run('GitHub Actions', { URL: publicUrl, ...ofRunner() })
    }

    function ofRunner() {
      const { port } = runner.address() as AddressInfo
      return {
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of the run',
        ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
      }
    }

    /** The step that asks for the token, and the action that takes it. */
    async function action(of: object) {
      claims = of
      const workflow = (await codeBlock('docs/ci/github.md', 'yaml', 'id-token: write')).replaceAll(
        'https://deploy.example.com',
        publicUrl,
      )
      const [identity, deploy] = (parse(workflow) as Workflow).jobs.deploy.steps
      const GITHUB_OUTPUT = path.join(folder, 'identity')
      await fs.writeFile(GITHUB_OUTPUT, '')
      const env = { ...identity.env, ...ofRunner(), GITHUB_OUTPUT }
      const asked = await shell(identity.run, folder, { words: ['bash', '-e'], env })
      const [, token = ''] = /^token=(.*)\n$/.exec(await fs.readFile(GITHUB_OUTPUT, 'utf8')) ?? []
      expect(asked).toMatchObject({ code: 0, stdout: `::add-mask::${token}\n` })
      expect(deploy.with.token).toBe(`\${{ steps.${identity.id}.outputs.token }}`)
      // The name in the token stays that of the documentation; only the way there is another.
      return runAction({ ...deploy.with, url, token }, folder)
    }

    it('is green when the service works, and the job says who it was', async () => {
      const before = await containersOf(project, 'hello')
      await project.write('compose.yaml', yaml(2))
      const { code, stdout } = await step()
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^::add-mask::ey/) })
      expect(stdout).toMatch(
        / deploys \S+\/hello on host .* for acme\/shop refs\/heads\/main, run 4711, octocat\n/,
      )
      expect(stdout).toMatch(/exit-code: 0\n$/)
      await expectReplaced(project, 'hello', before)
      const by = {
        issuer: issuer.url,
        repository: 'acme/shop',
        ref: 'refs/heads/main',
        run: '4711',
        actor: 'octocat',
      }
      expect(await lastJob()).toMatchObject({ state: 'succeeded', by })
    })

    it('is red when the service does not', async () => {
      await project.write('compose.yaml', yaml(2, true))
      const { code, stdout } = await step()
      expect(code).not.toBe(0)
      expect(stdout).toMatch(/exit-code: 3\n$/)
      await project.write('compose.yaml', yaml(3))
      expect(await step()).toMatchObject({ code: 0 })
    })

    it('is green or red by the action, too, which takes the token of the step before', async () => {
      const { code, outputs } = await action({})
      expect(code).toBe(0)
      const job = await lastJob()
      expect(job?.by).toMatchObject({ repository: 'acme/shop', run: '4711' })
      expect(outputs).toMatchObject({ 'job-id': job?.id, state: 'succeeded', 'exit-code': '0' })
      const stranger = await action({ repository: 'evil/shop' })
      expect(stranger).toMatchObject({ code: 126, outputs: { 'exit-code': '126' } })
      expect(await lastJob()).toEqual(job)
    })

    it.each([
      ['a branch', { ref: 'refs/pull/7/merge' }],
      ['a repository', { repository: 'evil/shop' }],
      ['an environment', { environment: undefined }],
    ])('is red, and nothing is started, for %s that the label does not name', async (_, of) => {
      const before = await lastJob()
      const { code, stdout } = await step(of)
      expect(code).not.toBe(0)
      expect(stdout).toMatch('"code":"unauthorized"')
      expect(await lastJob()).toEqual(before)
    })
  })

  it('is deployed from GitLab, by the script in the documentation', async () => {
    const TOKEN = await github(gitlab)
    expect(await run('GitLab', { TOKEN })).toMatchObject({ code: 0 })
    const { jobs } = await getJson<{ jobs: JobRecord[] }>(`${url}/jobs`, TOKEN)
    expect(jobs).toMatchObject([
      { service: 'web', by: { repository: 'acme/shop', ref: 'main', run: '815', actor: 'tanuki' } },
    ])
    const other = await github({ ...gitlab, ref_path: 'refs/tags/main' })
    expect((await run('GitLab', { TOKEN: other })).code).not.toBe(0)
  })

  it('is deployed by the client, too, which takes the token like any other', async () => {
    const variables = { REDEPLOYSTER_URL: url, REDEPLOYSTER_TOKEN: await github() }
    const { code, stdout } = await shell(`${exportsOf(variables)}node ${command} deploy hello`, folder)
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/exit-code: 0\n$/) })
    const job = await lastJob()
    expect(stdout).toContain(job?.id)
    expect(job?.by).toMatchObject({ repository: 'acme/shop', actor: 'octocat' })
  })

  it('is shown by the doctor, with whose tokens they are, or with what is missing', async () => {
    const { dockerHost } = testEngine()
    const variables = { DOCKER_HOST: dockerHost, COMPOSE_COMMAND: compose.command, STATE_DIR: folder }
    const doctor = (more: object) =>
      shell(`${exportsOf({ ...variables, ...more })}node ${command} doctor`, folder)
    const { stdout } = await doctor({ PUBLIC_URL: publicUrl })
    const rule = `repository=acme/shop ref=refs/heads/main environment=production of ${issuer.url} for ${publicUrl}`
    expect(stdout).toContain(`      oidc      ${rule}\n`)
    expect((await doctor({})).stdout).toMatch(
      /\/hello +not deployable: its label redeployster.oidc needs PUBLIC_URL/,
    )
  })

  describe('while its job waits', () => {
    let token: string
    let request: JobRequest
    let queue: string
    afterEach(async () => {
      issuer.answer = undefined
      await deployment.start()
    })

    /** Asks for a deploy that no worker is there to take. */
    async function askWithoutWorker() {
      await deployment.end('worker', 'SIGKILL')
      token = await github()
      const { status, body } = await ask('POST', `${url}/hello?async`, token).answer
      expect(status).toBe(202)
      const { id, host } = JSON.parse(body) as { id: string; host: HostId }
      queue = queueName({ host, project: project.name as never, service: 'hello' as never })
      request = JSON.parse((await redis.hget(keys.queued(queue, id), 'data')) ?? '') as JobRequest
    }

    async function verdictOf({ id }: Pick<JobRequest, 'id'>): Promise<JobRecord | undefined> {
      await until('it has its verdict', async () => (await redis.hget(keys.job(id), 'exitCode')) !== null)
      return createJobs(redis).get(id)
    }

    /** On its queue, confirmed, and with the worker woken: all that an API does. */
    async function put(forged: JobRequest) {
      await createRequestQueue(redis).add(forged)
      await createJobs(redis).accept(forged)
      return verdictOf(forged)
    }

    it('leaves the token nowhere to read: not in Redis, the state directory or what is logged', async () => {
      const before = (await compose.starts()).length
      const hold = path.join(compose.folder, 'hold')
      execFileSync('mkfifo', [hold])
      await askWithoutWorker()
      const waiting = await dumpRedis(deployment.redisUrl ?? '')
      await deployment.start()
      await until('compose runs', async () => (await compose.starts()).length > before)
      const files = await textsIn(deployment.stateDir)
      const running = await dumpRedis(deployment.redisUrl ?? '')
      await fs.writeFile(hold, '\n')
      await fs.rm(hold)
      expect(await verdictOf(request)).toMatchObject({ state: 'succeeded', exitCode: 0 })
      const over = await dumpRedis(deployment.redisUrl ?? '')
      const [, payload = '', signature = ''] = token.split('.')
      const places = { waiting, files, running, over, logs: deployment.output() }
      for (const [place, text] of Object.entries(places)) {
        expect({ place, isThere: text.includes(payload) || text.includes(signature) }).toEqual({
          place,
          isThere: false,
        })
      }
      expect(files).toContain('request.json')
      expect(over).not.toContain(request.proof)
    })

    it('cannot be made another by whoever writes to Redis, nor come a second time', async () => {
      await askWithoutWorker()
      await deployment.start()
      expect(await verdictOf(request)).toMatchObject({ state: 'succeeded' })
      const elsewhere = /identity token was not given for this job/
      const changes: [Partial<JobRequest>, RegExp][] = [
        [{}, elsewhere],
        [{ service: serviceName.parse('web') }, elsewhere],
        [{ startBy: '2099-01-01T00:00:00Z' }, elsewhere],
        [{ proof: `jwt.${token}` }, elsewhere],
        [{ proof: token }, /does not prove/],
      ]
      for (const [change, reason] of changes) {
        const verdict = await put({ ...request, id: newJobId(), tokenDigest: newJobId(), ...change })
        expect(verdict).toMatchObject({ state: 'rejected', exitCode: 126, started: false })
        expect(verdict?.reason).toMatch(reason)
      }
      const before = await containersOf(project, 'hello')
      await createRequestQueue(redis).add(request)
      await redis.publish(keys.kicks(request.host), queue)
      await until('it is taken off', async () => (await redis.exists(keys.queued(queue, request.id))) === 0)
      expect(await containersOf(project, 'hello')).toEqual(before)
    })

    it('is rejected by a worker that cannot ask the issuer, and safe to repeat', async () => {
      await askWithoutWorker()
      issuer.answer = (_, response) => void response.writeHead(500).end()
      await deployment.start()
      const verdict = await verdictOf(request)
      expect(verdict).toMatchObject({ state: 'rejected', exitCode: 126, started: false })
      expect(verdict?.reason).toMatch(/keys of http\S+ cannot be had .* deploy again/)
    })
  })

  /** Runs what the documentation has for a CI system, as its runner does. */
  function run(heading: string, variables: Record<string, string>) {
    const script = scriptUnder(heading).replaceAll('https://deploy.example.com', publicUrl)
    const path = heading === 'GitLab' ? script.replace('/hello', '/web') : script
    return shell(`set -eo pipefail\n${exportsOf(variables)}${path}`, folder)
  }
})

interface Workflow {
  readonly jobs: {
    readonly deploy: {
      readonly steps: readonly [
        { readonly id: string; readonly env: Record<string, string>; readonly run: string },
        { readonly with: Record<string, string> },
      ]
    }
  }
}

function exportsOf(variables: object): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('')
}

/** The block scalar of a section's step. */
function scriptUnder(heading: string): string {
  const section = page.split(`## ${heading}\n`)[1] ?? ''
  const [, indented = ''] = /^ +(?:run:|-) \|\n((?: +.*\n)+)/m.exec(section) ?? []
  const [, indent = ''] = /^( +)/.exec(indented) ?? []
  return indented.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
}

function labelOf(system: 'GitHub' | 'GitLab'): string {
  const pattern = system === 'GitHub' ? /redeployster\.oidc: (.+)/ : /The label is `([^`]+)`/
  return pattern.exec(page)?.[1] ?? ''
}

async function textsIn(folder: string): Promise<string> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((it) => it.isFile()).map((it) => path.join(it.parentPath, it.name))
  const texts = files.map(async (file) => `${file}\n${await fs.readFile(file, 'latin1')}`)
  return (await Promise.all(texts)).join('\n')
}
