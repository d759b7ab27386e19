import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {
  createProject,
  describeWithEngine,
  docker,
  removeProjects,
  testEngine,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { containersOf, variable } from '../harness/containers.ts'
import { hostProgram, type HostProgram } from '../harness/host-program.ts'
import { ask, getJson, post } from '../harness/http.ts'
import { deployRedeployster, published, type Deployment } from '../harness/layout.ts'
import { freePort } from '../harness/process.ts'
import { isReady } from '../harness/ready.ts'
import { until } from '../harness/until.ts'

const token = randomBytes(16).toString('hex')
const labels = { 'redeployster.token': token }
const caddy = process.env.REDEPLOYSTER_TEST_CADDY
const isWithoutCaddy = !caddy && process.env.CI !== 'true'

interface Job {
  readonly id: string
  readonly state: string
  readonly exitCode?: number
  readonly started: boolean
  readonly reason?: string
}

/** A project whose file says the same with another version, which is a change of each of its services. */
async function startProject(services: Readonly<Record<string, HostProgram>>) {
  const yaml = (version: string) => {
    const all = Object.entries(services).map(([name, { env, ...program }]) => {
      return [name, hostProgram({ labels, ...program, env: { ...env, VERSION: version } })]
    })
    return `services: ${JSON.stringify(Object.fromEntries(all))}\n`
  }
  const project = await createProject({ yaml: yaml('1') })
  await project.up()
  return { project, change: () => project.write('compose.yaml', yaml('2')) }
}

/** The version of each container of a service that runs. */
async function running(project: TestProject, service: string) {
  const containers = await containersOf(project, service)
  return containers.filter(({ status }) => status === 'running').map((it) => variable(it, 'VERSION'))
}

async function finished(url: string, id: string | undefined): Promise<Job> {
  return until('the job has its verdict', async () => {
    const { status, body } = await ask('GET', `${url}/jobs/${id}`, token).answer.catch(() => nothing)
    const job = status === 200 && (JSON.parse(body) as Job)
    return job && job.exitCode !== undefined && job
  })
}

const nothing = { status: 0, body: '' }

async function logOf(url: string, id: string | undefined): Promise<string> {
  return (await ask('GET', `${url}/jobs/${id}/log`, token).answer).body
}

/** What compose and we say of a container that is replaced: each line once, in this order. */
function replaced({ name }: TestProject, service: string, id: string | undefined): RegExp {
  const lines = ['Recreate', 'Recreated', 'Starting', 'Started'].map(
    (word) => ` Container ${name}-${service}-1  ${word}\n`,
  )
  return new RegExp(
    `^${lines.join('')}redeployster: gate passed after \\S+ s\nredeployster: job ${id} exit-code: 0\n$`,
  )
}

describeWithEngine('a deploy of the proxy, through itself', () => {
  afterEach(removeProjects)

  it.skipIf(isWithoutCaddy)('cuts the stream, and its true verdict is in the history', async () => {
    const port = await freePort()
    const deployment = await deployRedeployster('serve')
    const config = `{\n  admin off\n}\nhttp://:${port} {\n  bind 127.0.0.1\n  reverse_proxy ${deployment.urls[0].slice('http://'.length)}\n}\n`
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-proxy-'))
    await fs.writeFile(path.join(folder, 'Caddyfile'), config)
    const { project, change } = await startProject({
      proxy: { command: [caddy ?? 'caddy', 'run', '--config', path.join(folder, 'Caddyfile')] },
    })
    const url = `http://127.0.0.1:${port}`
    try {
      await until('the proxy forwards', () => isReady(url))
      await published(url, token, 'proxy')
      await change()
      const asked = ask('POST', `${url}/proxy`, token)
      await expect(asked.answer).rejects.toThrow(/aborted|cut/)
      const id = (await asked.begun).headers['job-id'] as string
      expect(asked.text()).not.toContain('exit-code')

      expect(await finished(url, id)).toMatchObject({ state: 'succeeded', exitCode: 0 })
      expect(await logOf(url, id)).toMatch(replaced(project, 'proxy', id))
      expect(await running(project, 'proxy')).toEqual(['2'])
      const { jobs } = await getJson<{ jobs: Job[] }>(`${url}/jobs`, token)
      expect(jobs.map((it) => it.id)).toEqual([id])
    } finally {
      await deployment.stop()
      await fs.rm(folder, { recursive: true, force: true })
    }
  })
})

describeWithEngine('a deploy of its own Redis', () => {
  let folder: string
  let deployment: Deployment
  let url: string

  /** `words` say what it keeps. */
  async function startOnRedis(words: readonly string[], more: Partial<HostProgram> = {}) {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-redis-'))
    const port = String(await freePort())
    const command = ['redis-server', '--port', port, '--bind', '127.0.0.1', '--dir', folder, ...words]
    const { project, change } = await startProject({ redis: { command, ...more } })
    deployment = await deployRedeployster('serve', { REDIS_URL: `redis://127.0.0.1:${port}` })
    url = deployment.urls[0]
    await published(url, token, 'redis')
    return { project, change }
  }
  async function deployRedis(words: readonly string[]) {
    const { project, change } = await startOnRedis(words)
    await change()
    return { project, ...(await post(`${url}/redis`, token)) }
  }
  afterEach(async () => {
    await deployment?.stop()
    await removeProjects()
    await fs.rm(folder, { recursive: true, force: true })
  })

  it.each([
    ['an append-only file', ['--appendonly', 'yes']],
    ['what it saves when it stops', ['--save', '3600 1']],
  ])('that keeps %s streams to the true verdict, and no line is lost', async (_, words) => {
    const { project, body, exitCode, jobId } = await deployRedis(words)

    expect(exitCode).toBe('0')
    expect(body.slice(body.indexOf('\n') + 1)).toMatch(replaced(project, 'redis', jobId))
    expect(await running(project, 'redis')).toEqual(['2'])
    expect(await finished(url, jobId)).toMatchObject({ state: 'succeeded', exitCode: 0 })
    expect(await logOf(url, jobId)).toMatch(replaced(project, 'redis', jobId))
  })

  it('that keeps nothing streams to the true verdict, and has only this job in its history', async () => {
    const { project, exitCode, jobId } = await deployRedis(['--save', ''])

    expect(exitCode).toBe('0')
    expect(await running(project, 'redis')).toEqual(['2'])
    expect(await finished(url, jobId)).toMatchObject({ state: 'succeeded', exitCode: 0 })
    // The catalogue was lost as well: the worker publishes it again.
    await published(url, token, 'redis')
    const { jobs } = await getJson<{ jobs: Job[] }>(`${url}/jobs`, token)
    expect(jobs.map((it) => it.id)).toEqual([jobId])
  })

  it('that does not work any more, and is brought back by hand, has failed all the same', async () => {
    const image = await ownImage()
    const { project } = await startOnRedis(['--appendonly', 'yes'], { image })
    await breakImage(image)
    const asked = ask('POST', `${url}/redis`, token)
    await until('the worker knows the verdict', () => deployment.output().includes('"at":"ended"'))
    await docker('tag', 'fixture/busybox:1', image)
    await project.up()
    const { exitCode, jobId } = await asked.answer
    await docker('rmi', '-f', image)

    expect(exitCode).toBe('1')
    expect(await finished(url, jobId)).toMatchObject({ state: 'failed', exitCode: 1 })
    expect(await logOf(url, jobId)).not.toContain('not kept')
  })

  it('that does not work any more is rolled back, which brings the verdict', async () => {
    const image = await ownImage()
    const rollback = { ...labels, 'redeployster.rollback': 'true' }
    const { project } = await startOnRedis(['--appendonly', 'yes'], { image, labels: rollback })
    await breakImage(image)
    const { body, exitCode, jobId } = await post(`${url}/redis`, token)
    await docker('rmi', '-f', image)

    expect(exitCode).toBe('1')
    expect(body).toMatch(
      /^redeployster: docker compose is done, but .* exit code 1; rolling back to sha256:/m,
    )
    expect(await finished(url, jobId)).toMatchObject({
      state: 'failed',
      exitCode: 1,
      reason: expect.stringContaining('; rolled back to sha256:'),
    })
    expect(await running(project, 'redis')).toEqual(['1'])
    const log = await logOf(url, jobId)
    expect(log).not.toContain('not kept')
    expect(log.match(/-redis-1 {2}Started$/gm)).toHaveLength(2)
  })
})

async function ownImage(): Promise<string> {
  const image = `rd-redis-${randomBytes(5).toString('hex')}:1`
  await docker('tag', 'fixture/busybox:1', image)
  return image
}

/** Whatever it is told to run, it ends at once. */
async function breakImage(image: string) {
  const container = await docker('create', image)
  await docker('commit', '--change', 'ENTRYPOINT ["false"]', container, image)
  await docker('rm', container)
}

describeWithEngine('redeployster in containers', () => {
  const program = [
    process.execPath,
    new URL('../../packages/cli/bin/redeployster.js', import.meta.url).pathname,
  ]
  const services = ['worker', 'api', 'front', 'alone']
  let redis: TestRedis
  let stateDir: string
  let url: string
  let project: TestProject

  beforeAll(async () => {
    const { dockerHost, compose } = testEngine()
    redis = await startRedis({ tcp: true, appendOnly: true })
    stateDir = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-self-'))
    const port = String(await freePort())
    const env = {
      REDIS_URL: redis.url,
      REDEPLOYSTER_SECRET: 'a-secret-for-tests-only',
      STATE_DIR: stateDir,
      DOCKER_HOST: dockerHost,
      COMPOSE_COMMAND: compose,
      LISTEN: '127.0.0.1',
      PORT: port,
    }
    const sleep = { command: ['sleep', 'infinity'], dependsOn: ['worker'] }
    const started = await startProject({
      worker: { command: [...program, 'worker'], env },
      api: { command: [...program, 'api'], env },
      front: sleep,
      alone: { ...sleep, labels: { ...labels, 'redeployster.deps': 'false' } },
    })
    project = started.project
    url = `http://127.0.0.1:${port}`
    await until('it is ready', () => isReady(url))
    for (const service of services) await published(url, token, service)
    await started.change()
  })
  afterAll(async () => {
    await removeProjects()
    await redis?.stop()
    await fs.rm(stateDir, { recursive: true, force: true })
  })

  it.each([
    ['the service of its worker', 'worker', 'the worker runs in a container of this service'],
    [
      'a service that depends on it',
      'front',
      'the worker runs in a container of worker, on which this service',
    ],
  ])('refuses to deploy %s, and touches nothing', async (_, service, why) => {
    const before = await containersOf(project, 'worker')
    const { body, exitCode, jobId } = await post(`${url}/${service}`, token)

    expect(exitCode).toBe('126')
    expect(body).toMatch(new RegExp(`^redeployster: rejected, nothing was started: ${why}`, 'm'))
    expect(body).toContain(`run \`docker compose up -d -- ${service}\` in ${project.directory} by hand`)
    expect(await finished(url, jobId)).toMatchObject({ state: 'rejected', exitCode: 126, started: false })
    expect(await containersOf(project, 'worker')).toEqual(before)
    expect(await running(project, service)).toEqual(['1'])
  })

  it('says so in the doctor before the first deploy', async () => {
    const report = await project.compose('exec', '-T', 'worker', ...program, 'doctor')
    const line = (service: string, says: string) =>
      new RegExp(`^.. +${project.name}/${service} +${says}`, 'm')

    expect(report).toMatch(line('worker', 'not deployable: the worker runs in a container of this service'))
    expect(report).toMatch(line('front', 'not deployable: the worker runs in a container of worker'))
    expect(report).toMatch(line('alone', 'deployable'))
    expect(report).toMatch(line('api', 'deployable'))
  })

  it('deploys a service that depends on its worker, if that is left alone', async () => {
    const { exitCode } = await post(`${url}/alone`, token)
    expect(exitCode).toBe('0')
    expect([await running(project, 'alone'), await running(project, 'worker')]).toEqual([['2'], ['1']])
  })

  it('deploys its API, which cuts the stream, and the true verdict is in the history', async () => {
    const asked = ask('POST', `${url}/api`, token)
    const id = (await asked.begun).headers['job-id'] as string
    await asked.answer.catch(() => {})
    expect(asked.text()).not.toContain('exit-code')

    expect(await finished(url, id)).toMatchObject({ state: 'succeeded', exitCode: 0 })
    expect(await logOf(url, id)).toMatch(replaced(project, 'api', id))
    expect([await running(project, 'api'), await running(project, 'worker')]).toEqual([['2'], ['1']])
  })
})
