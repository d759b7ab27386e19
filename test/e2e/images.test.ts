import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {
  createProject,
  describeWithEngine,
  docker,
  removeProjects,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { runAction } from '../harness/actions-runner.ts'
import { holdCompose, type HeldCompose } from '../harness/held-compose.ts'
import { ask, getJson, post } from '../harness/http.ts'
import { deployRedeployster, published, type Deployment } from '../harness/layout.ts'
import { createBench, type Bench } from '../harness/parts.ts'
import { startRegistry, type Registry } from '../harness/registry.ts'
import { until } from '../harness/until.ts'

interface Job {
  readonly state: string
  readonly imageBefore: string
  readonly imageAfter: string
}

describeWithEngine('the image of a deploy', () => {
  let deployment: Deployment
  let registry: Registry
  let dockerConfig: string
  let token: string
  let image: string

  beforeAll(async () => {
    registry = await startRegistry()
    dockerConfig = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-docker-'))
    deployment = await deployRedeployster('serve', { DOCKER_CONFIG: dockerConfig })
  })
  beforeEach(() => {
    token = randomBytes(16).toString('hex')
    image = `app-${token}:latest`
  })
  afterEach(removeProjects)
  afterAll(async () => {
    await deployment?.stop()
    await registry?.remove()
    await fs.rm(dockerConfig, { recursive: true, force: true })
  })

  const yaml = (labels = '', rest = '', name = `${registry.address}/${image}`) => `
    services:
      hello:
        <<: *base
        image: ${name}
        command: sleep 100000
        labels: { redeployster.token: ${token}, redeployster.gate: 1s, ${labels} }
        ${rest}
  `

  async function start(text: string): Promise<TestProject> {
    const project = await createProject({ yaml: text })
    await project.up()
    await published(deployment.urls[0], token, 'hello')
    return project
  }

  async function deploy() {
    const answer = await post(`${deployment.urls[0]}/hello`, token)
    return { ...answer, job: await getJson<Job>(`${deployment.urls[0]}/jobs/${answer.jobId}`, token) }
  }

  /** Of every container of the service: `VERSION start-time name`. */
  async function running({ name }: TestProject) {
    const ids = await docker('ps', '-q', '--filter', `label=com.docker.compose.project=${name}`)
    const format =
      '{{range .Config.Env}}{{println .}}{{end}}{{.State.StartedAt}} {{.Name}} {{index .Config.Labels "com.docker.compose.project.config_files"}}'
    const shown = await docker('inspect', '--format', format, ...ids.split('\n'))
    const [, version] = /VERSION=(\S+)/.exec(shown) ?? []
    const [, startedAt, container, files] = /(\d{4}-\S+) (\S+) (.*)$/.exec(shown) ?? []
    return { version, startedAt, container, files, count: ids.split('\n').length }
  }

  it('is replaced by what was pushed since, and both digests are told; then it is unchanged', async () => {
    const first = await registry.push(image, '1')
    const project = await start(yaml())
    const second = await registry.push(image, '2')

    const replaced = await deploy()
    expect(replaced.exitCode).toBe('0')
    expect(replaced.body).toContain(`${first} → ${second}`)
    expect(replaced.job).toMatchObject({ imageBefore: first, imageAfter: second })
    const after = await running(project)
    expect(after.version).toBe('2')

    const same = await deploy()
    expect(same.body).toContain('unchanged')
    expect(same.exitCode).toBe('0')
    expect(await running(project)).toEqual(after)
  })

  it('is told by the outputs of the action for GitHub, before and after', async () => {
    const first = await registry.push(image, '1')
    await start(yaml())
    const second = await registry.push(image, '2')
    const given = { url: deployment.urls[0], service: 'hello', token }
    const { code, outputs } = await runAction(given, dockerConfig)
    expect(code).toBe(0)
    expect(outputs).toMatchObject({ 'image-before': first, 'image-after': second })
  })

  it.each([
    ['the registry is away', () => registry.end()],
    ['the tag is not there', () => registry.end().then(() => registry.start())],
  ])('cannot be pulled when %s: compose says why, and what ran before still runs', async (what, happen) => {
    await registry.push(image, '1')
    const project = await start(yaml())
    const before = await running(project)
    await happen()
    if (what === 'the tag is not there')
      await project.write('compose.yaml', yaml('', '', `${registry.address}/${image}-nope`))

    const { exitCode, body, job } = await deploy()
    await registry.start()

    expect(exitCode).toBe('18')
    expect(body).toContain('nothing was touched')
    expect(job.state).toBe('failed')
    expect(await running(project)).toEqual(before)
  })

  it('in a private registry is pulled with the docker login of the worker’s user, and not without', async () => {
    await registry.push(image, '1')
    const project = await start(yaml())
    const before = await running(project)
    await registry.push(image, '2')
    await registry.end()
    await registry.startPrivate()

    const stranger = await deploy()
    const untouched = await running(project)
    await fs.writeFile(path.join(dockerConfig, 'config.json'), registry.login)
    const user = await deploy()
    await registry.end()
    await registry.start()

    expect(stranger).toMatchObject({ exitCode: '18', job: { state: 'failed' } })
    expect(stranger.body).toContain('no basic auth credentials')
    expect(untouched).toEqual(before)
    expect(user.exitCode).toBe('0')
    expect((await running(project)).version).toBe('2')
    expect(user.body + deployment.output()).not.toContain('not-a-secret')
  })

  it.each(['missing', 'never'])(
    'that is there needs no registry with redeployster.pull %s, and nothing changes',
    async (policy) => {
      await registry.push(image, '1')
      const project = await start(yaml(`redeployster.pull: ${policy}`))
      const before = await running(project)
      await registry.end()
      const { exitCode } = await deploy()
      await registry.start()
      expect(exitCode).toBe('0')
      expect(await running(project)).toEqual(before)
    },
  )

  it('is never fetched with redeployster.pull never, also none of a dependency: compose says what is missing', async () => {
    await registry.push(image, '1')
    const labels = 'redeployster.pull: never'
    const dependency = (name: string) => `depends_on: [db]
      db: { <<: *base, image: "${name}" }`
    const project = await start(yaml(labels, dependency(`${registry.address}/${image}`)))
    const before = await running(project)
    for (const text of [
      yaml(labels, '', `${registry.address}/new-${image}`),
      yaml(labels, dependency(`${registry.address}/new-${image}`)),
    ]) {
      await registry.push(`new-${image}`, '2')
      await project.write('compose.yaml', text)
      const { exitCode, body } = await deploy()
      expect({ exitCode, body }).toEqual({ exitCode: '1', body: expect.stringMatching(/[Nn]o such image/) })
      expect(await running(project)).toEqual(before)
    }
  })

  it('that was made on this host is not pulled', async () => {
    await docker('tag', 'fixture/busybox:1', image)
    const project = await start(yaml('', '', image))
    const { exitCode, body } = await deploy()
    expect(exitCode).toBe('0')
    expect(body).not.toMatch(/Pull/)
    await project.down()
    await docker('rmi', image)
  })

  it('is put back by the label when the new one fails, and then the mended one is pulled', async () => {
    const first = await registry.push(image, '1')
    const healthy = yaml('redeployster.rollback: "true"')
    const project = await start(healthy)
    const before = await running(project)
    await registry.push(image, 'broken', 'HEALTHCHECK --interval=200ms --retries=1 CMD false')

    const { exitCode, body, job } = await deploy()
    expect(exitCode).not.toBe('0')
    expect(body).toContain('rolled back')
    expect(job).toMatchObject({ state: 'failed', imageBefore: first })
    const back = await running(project)
    expect(back).toMatchObject({ version: '1', count: 1, container: before.container, files: before.files })

    const third = await registry.push(image, '3')
    const mended = await deploy()
    expect(mended).toMatchObject({ exitCode: '0', job: { imageAfter: third } })
    expect((await running(project)).version).toBe('3')
  })
})

describeWithEngine('a pull', () => {
  let registry: Registry
  let compose: HeldCompose
  let bench: Bench
  const [token, image] = [randomBytes(16).toString('hex'), `app-${randomBytes(8).toString('hex')}:latest`]

  beforeAll(async () => {
    registry = await startRegistry()
    compose = await holdCompose()
  })
  beforeEach(async () => {
    await compose.reset()
    bench = await createBench({ COMPOSE_COMMAND: compose.command })
    await bench.startApi()
  })
  afterEach(async () => {
    await bench.clear()
    await removeProjects()
  })
  afterAll(async () => {
    await compose.remove()
    await registry.remove()
  })

  async function start(rest = ''): Promise<TestProject> {
    await registry.push(image, '1')
    const project = await createProject({
      yaml: `
        services:
          hello:
            <<: *base
            image: ${registry.address}/${image}
            labels: { redeployster.token: ${token}, redeployster.gate: none }
            ${rest}
      `,
    })
    await project.up()
    return project
  }

  const show = (id: string) => getJson<Job>(`${bench.url}/jobs/${id}`, token)

  it('that is over leaves its job queued while that waits for its lane, and nobody joins it', async () => {
    await start(`depends_on: [db]
          db: { <<: *base, labels: { redeployster.token: ${token} } }`)
    bench.startWorker()
    for (const name of ['hello', 'db']) await published(bench.url, token, name)
    const first = ask('POST', `${bench.url}/db`, token)
    await compose.begun('db')
    const second = ask('POST', `${bench.url}/hello`, token)
    await until('it waits for its lane', () => second.text().includes('waiting for job'))
    const id = /job (\S+) deploys/.exec(second.text())?.[1] ?? ''

    // Said while the job asks for its lane, so before or behind that it waits.
    await until('it has said which image it found', () => second.text().includes('unchanged'))
    const waiting = { state: 'queued', started: false, startedAt: expect.any(String) as string }
    expect(await show(id)).toMatchObject(waiting)
    const third = ask('POST', `${bench.url}/hello`, token)
    await until('it has a job of its own', () => third.text().includes(`; after job ${id}`))

    await compose.end('db')
    await compose.begun('hello')
    expect(await show(id)).toMatchObject({ state: 'running', started: true })
    await compose.end('hello')
    await compose.end('hello', 0, 2)
    for (const { answer } of [first, second, third]) expect(await answer).toMatchObject({ exitCode: '0' })
  })

  it.each([
    ['its runner', false],
    ['its runner and its worker', true],
  ])('that is killed with %s is repeated', async (_, andWorker) => {
    await start()
    const worker = bench.startWorker()
    await published(bench.url, token, 'hello')
    const second = await registry.push(image, '2')
    await registry.end()
    const silent = await listenInSilence(registry.address)

    const asked = ask('POST', `${bench.url}/hello`, token)
    await silent.asked
    const [id = ''] = await fs.readdir(path.join(bench.stateDir, 'jobs'))
    const group = await fs.readFile(path.join(bench.stateDir, 'jobs', id, 'pull', 'started'), 'utf8')
    silent.close()
    await registry.start()
    if (andWorker) await worker.end('SIGKILL')
    process.kill(-Number(group), 'SIGKILL')
    if (andWorker) bench.startWorker()
    await compose.end('hello')

    const { exitCode, body } = await asked.answer
    expect(exitCode).toBe('0')
    expect(body.match(/pulling once more/g)).toHaveLength(1)
    expect(body).toContain(`→ ${second}`)
  })
})

/** Takes calls at the address and never says a word. */
async function listenInSilence(address: string) {
  const { hostname, port } = new URL(`http://${address}`)
  const server = net.createServer().listen(Number(port), hostname)
  await once(server, 'listening')
  return { asked: once(server, 'connection'), close: () => server.close() }
}
