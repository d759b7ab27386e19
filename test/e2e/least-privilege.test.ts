import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import type { Verdict } from '@redeployster/shared/contract/job'
import { createLogger } from '@redeployster/shared/runtime/logger'
import {
  createProject,
  describeWithEngine,
  removeProjects,
  testEngine,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { containersOf, expectReplaced } from '../harness/containers.ts'
import { startGuardedRedis, type GuardedRedis } from '../harness/documented-users.ts'
import { ask, getJson, type Answer } from '../harness/http.ts'
import { published } from '../harness/layout.ts'
import { freePort, startRedeployster, type Part } from '../harness/process.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { until } from '../harness/until.ts'

const adminToken = randomBytes(16).toString('hex')
const token = randomBytes(16).toString('hex')

const yaml = (version: number) => `
  services:
    hello:
      <<: *base
      environment: { VERSION: "${version}" }
      labels: { redeployster.token: ${token}, redeployster.gate: 500ms }
`

/** What a deploy does instead of the real thing when the test has made this file. */
const up = `
if [ -e "$folder/long" ]; then rm "$folder/long"; yes 'a line of a long log' | head -c 3000000; fi
if [ -e "$folder/hangs" ]; then rm "$folder/hangs"; exec sleep 300; fi
real "$@"
`

const succeeded = { trailer: '0', lastLine: 'exit-code: 0', record: 'succeeded 0' }
const cancelled = { trailer: '130', lastLine: 'exit-code: 130', record: 'cancelled 130' }

describeWithEngine('with the users of docs/redis.acl', () => {
  let redis: GuardedRedis
  let admin: Redis
  let compose: ScriptedCompose
  let stateDir: string
  let url: string
  let start: (role: 'api' | 'worker') => Part
  let worker: Part
  const parts: Part[] = []
  beforeAll(async () => {
    redis = await startGuardedRedis({ appendOnly: true })
    admin = connectRedis(redis.url, 'patient', createLogger('silent'))
    compose = await scriptCompose(up)
    stateDir = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-acl-'))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const env = {
      STATE_DIR: stateDir,
      DOCKER_HOST: testEngine().dockerHost,
      COMPOSE_COMMAND: compose.command,
      REDEPLOYSTER_SECRET: 'a-secret-for-tests-only',
      REDEPLOYSTER_ADMIN_TOKEN: adminToken,
      LISTEN: '127.0.0.1',
      PORT: String(port),
      FAILED_AUTH_LIMIT: '2',
      // So that each test has something to trim.
      MAX_LOG: '1MiB',
      KEEP_LOGS: '1MiB',
      KEEP_JOBS: '3',
    }
    start = (role) => {
      const part = startRedeployster([role], { ...env, REDIS_URL: redis.urlOf(role) })
      parts.push(part)
      return part
    }
    await start('api').says('API listens')
    worker = start('worker')
  })
  afterAll(async () => {
    await Promise.all(parts.map((part) => part.end('SIGKILL')))
    admin?.disconnect()
    await redis?.stop()
    await compose?.remove()
    await fs.rm(stateDir, { recursive: true, force: true })
  })

  let project: TestProject
  beforeEach(async () => {
    project = await createProject({ yaml: yaml(1) })
    await project.up()
    await published(url, token, 'hello')
  })
  afterEach(async () => {
    await removeProjects()
    // Redis notes here whatever it has refused, also what nobody missed.
    const refused = (await admin.acl('LOG', '100')) as readonly unknown[]
    if (refused.length > 0) throw new Error(`Redis has refused: ${JSON.stringify(refused)}`)
  })

  const jobsUrl = () => `${url}/jobs?project=${project.name}`
  const deploy = (headers = {}) => ask('POST', `${url}/hello`, token, headers)
  const cancel = (id: string | undefined) => ask('DELETE', `${url}/jobs/${id}`, token).answer
  const next = (what: 'long' | 'hangs') => fs.writeFile(path.join(compose.folder, what), '')

  /** What each place says: the trailer, the last line and the record. */
  async function verdictOf({ jobId, exitCode, body }: Answer) {
    const lastLine = body.trimEnd().split('\n').at(-1)?.replace(`redeployster: job ${jobId} `, '')
    const { state, exitCode: code } = await getJson<Verdict>(`${url}/jobs/${jobId}`, token)
    return { trailer: exitCode, lastLine, record: `${state} ${code}` }
  }

  it('a deploy comes to its true verdict, log and history', async () => {
    const before = await containersOf(project, 'hello')
    await project.write('compose.yaml', yaml(2))
    const answer = await deploy().answer
    expect(await verdictOf(answer)).toEqual(succeeded)
    await expectReplaced(project, 'hello', before)
    expect(answer.body).toContain('Recreated')
    const log = await ask('GET', `${url}/jobs/${answer.jobId}/log`, token).answer
    expect(log.body).toContain('Recreated')
    expect(await getJson(`${url}/jobs`, token)).toMatchObject({ jobs: [{ id: answer.jobId }] })
    expect((await ask('GET', `${url}/readyz`).answer).status).toBe(200)
  })

  it('a long log loses its middle, and a job that is too old its place', async () => {
    const { jobId: oldest } = await deploy().answer
    for (const what of ['long', 'long', 'short'] as const) {
      if (what === 'long') await next(what)
      expect(await verdictOf(await deploy().answer)).toEqual(succeeded)
    }
    await until('the oldest job is forgotten', async () => {
      const { jobs } = await getJson<{ jobs: { id: string }[] }>(jobsUrl(), token)
      return jobs.length === 3 && jobs.every(({ id }) => id !== oldest)
    })
  })

  it('a job at work and one that waits for it are cancelled', async () => {
    await next('hangs')
    const [running, hangs] = [deploy(), (await compose.starts()).length + 1]
    await until('compose hangs', async () => (await compose.starts()).length === hangs)
    const waiting = deploy()
    const { headers } = await waiting.begun
    expect((await cancel(String(headers['job-id']))).status).toBe(202)
    expect(await verdictOf(await waiting.answer)).toEqual(cancelled)
    const begun = await running.begun
    expect((await cancel(String(begun.headers['job-id']))).status).toBe(202)
    expect(await verdictOf(await running.answer)).toEqual(cancelled)
  })

  it('a worker that was killed is followed by one that ends its deploy', async () => {
    await next('hangs')
    const [running, hangs] = [deploy(), (await compose.starts()).length + 1]
    await until('compose hangs', async () => (await compose.starts()).length === hangs)
    await worker.end('SIGKILL')
    worker = start('worker')
    await worker.says('Goes on with a deploy that an earlier worker started')
    const { headers } = await running.begun
    await cancel(String(headers['job-id']))
    expect(await verdictOf(await running.answer)).toEqual(cancelled)
  })

  it('a key stands for one job, and requests share one that waits', async () => {
    const key = { 'Idempotency-Key': randomBytes(8).toString('hex') }
    const first = await deploy(key).answer
    expect(await verdictOf(first)).toEqual(succeeded)
    expect((await deploy(key).answer).jobId).toBe(first.jobId)
    const answers = await Promise.all([deploy().answer, deploy().answer, deploy(key).answer])
    for (const answer of answers) expect(await verdictOf(answer)).toEqual(succeeded)
  })

  it('a service is frozen, and unfrozen', async () => {
    const freeze = (method: string) =>
      fetch(`${url}/services/${project.name}/hello/freeze`, {
        method,
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        ...(method === 'PUT' && { body: JSON.stringify({ reason: 'moving', by: 'anna', for: '1h' }) }),
      })
    expect((await freeze('PUT')).ok).toBe(true)
    expect((await deploy().answer).status).toBe(423)
    expect((await freeze('DELETE')).ok).toBe(true)
    expect(await verdictOf(await deploy().answer)).toEqual(succeeded)
  })

  it('wrong tokens are counted', async () => {
    const guess = () => ask('POST', `${url}/hello`, 'wrong').answer.then(({ status }) => status)
    expect([await guess(), await guess(), await guess()]).toEqual([401, 401, 429])
  })
})
