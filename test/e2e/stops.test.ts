import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import {
  createProject,
  describeWithEngine,
  docker,
  removeProjects,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { afterEach, expect, it } from 'vitest'
import { ask, getJson } from '../harness/http.ts'
import { published } from '../harness/layout.ts'
import { createBench, type Bench } from '../harness/parts.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { until } from '../harness/until.ts'

// Containers of a run that was killed must not answer to the same token.
const token = randomBytes(16).toString('hex')

// How long a container has to run is what the tests of the gate are for.
const quick = 'redeployster.gate: 500ms'

const yaml = (version: number, labels: string, rest = '') => `
  services:
    hello:
      <<: *base
      environment: { VERSION: "${version}" }
      labels: { redeployster.token: ${token}, ${labels} }
      ${rest}
`

interface Job {
  readonly id: string
  readonly state: string
  readonly exitCode?: number
  readonly started: boolean
}

describeWithEngine('a job that is stopped', () => {
  let project: TestProject
  let bench: Bench
  let compose: ScriptedCompose

  async function arrange(up: string, labels = '', rest = '') {
    project = await createProject({ yaml: yaml(1, labels, rest) })
    await project.up()
    compose = await scriptCompose(up)
    bench = await createBench({ COMPOSE_COMMAND: compose.command })
    await bench.startApi()
    const worker = bench.startWorker()
    await published(bench.url, token, 'hello')
    await project.write('compose.yaml', yaml(2, labels, rest))
    return worker
  }

  const deploy = () => ask('POST', `${bench.url}/hello`, token)
  const cancel = (id: string) => ask('DELETE', `${bench.url}/jobs/${id}`, token).answer
  const jobs = async () => (await getJson<{ jobs: Job[] }>(`${bench.url}/jobs`, token)).jobs

  async function running(): Promise<number> {
    const [inProject, ofService] = [`project=${project.name}`, 'service=hello'].map(
      (label) => `label=com.docker.compose.${label}`,
    )
    const ids = await docker('ps', '-q', '--filter', inProject ?? '', '--filter', ofService ?? '')
    return ids.split('\n').filter((id) => id !== '').length
  }

  /** Deploys again, at most twice, as the notice advises. */
  async function heals() {
    await fs.writeFile(path.join(compose.folder, 'free'), '')
    const first = await deploy().answer
    const last = first.exitCode === '0' ? first : await deploy().answer
    expect(last.exitCode).toBe('0')
    expect(await running()).toBe(1)
  }

  afterEach(async () => {
    await bench.clear()
    await compose.remove()
    await removeProjects()
  })

  /** Hangs until it is stopped, unless the test has set it free. */
  const hanging = '[ -e "$folder/free" ] || sleep 1000\nreal "$@"'

  it('by its own timeout gets 124, says what may be half done, and heals', async () => {
    await arrange(hanging, `redeployster.timeout: 1s, ${quick}`)
    const { exitCode, body, jobId } = await deploy().answer
    expect(exitCode).toBe('124')
    expect(body).toContain('took longer than it may; the service may be half replaced, or down: deploy again')
    expect(await getJson<Job>(`${bench.url}/jobs/${jobId}`, token)).toMatchObject({
      state: 'timed-out',
      started: true,
    })
    await heals()
  })

  it('by a timeout that falls while there is no worker is stopped by the next one', async () => {
    const worker = await arrange(hanging, 'redeployster.timeout: 2s')
    const asked = deploy()
    await until('compose has begun', async () => (await compose.starts()).length === 1)
    await worker.end('SIGKILL')
    bench.startWorker()
    expect(await asked.answer).toMatchObject({ exitCode: '124' })
  })

  it('by DELETE while compose runs gets 130, for all who share it, and heals', async () => {
    await arrange(hanging, quick)
    const asked = deploy()
    await until('compose has begun', async () => (await compose.starts()).length === 1)
    const [job] = await jobs()
    expect(await cancel(job?.id ?? '')).toMatchObject({ status: 202 })
    expect(await asked.answer).toMatchObject({ exitCode: '130' })
    expect(await jobs()).toMatchObject([{ state: 'cancelled', started: true }])
    expect(await cancel(job?.id ?? '')).toMatchObject({ status: 409 })
    await heals()
  })

  it('by DELETE while it waits gets 130 at once, and never starts', async () => {
    await arrange(hanging)
    const first = deploy()
    await until('compose has begun', async () => (await compose.starts()).length === 1)
    const [second, third] = [deploy(), deploy()]
    await Promise.all([second.begun, third.begun])
    const [waiting, running] = await jobs()
    expect(await cancel(waiting?.id ?? '')).toMatchObject({ status: 202 })
    for (const { answer } of [second, third]) {
      const { exitCode, body } = await answer
      expect(exitCode).toBe('130')
      expect(body).toContain('cancelled before it began; nothing was touched')
    }
    await cancel(running?.id ?? '')
    await first.answer
    expect(await compose.starts()).toHaveLength(1)
  })

  it('by DELETE while it waits for its lane gets 130 at once, and lets the next one through', async () => {
    await arrange(hanging, quick)
    const shared = randomBytes(16).toString('hex')
    await project.write(
      'compose.yaml',
      `${yaml(1, quick)}
    other:
      <<: *base
      depends_on: [hello]
      labels: { redeployster.token: ${shared} }
`,
    )
    await project.up()
    await published(bench.url, shared, 'other')
    const first = deploy()
    await until('compose has begun', async () => (await compose.starts()).length === 1)
    const second = ask('POST', `${bench.url}/other`, shared)
    await until('the other waits', () => second.text().includes('waiting for job'))
    const { jobId } = { jobId: /job (\S+) deploys/.exec(second.text())?.[1] ?? '' }
    expect(await ask('DELETE', `${bench.url}/jobs/${jobId}`, shared).answer).toMatchObject({ status: 202 })
    expect(await second.answer).toMatchObject({ exitCode: '130' })
    await cancel((await jobs())[0]?.id ?? '')
    await first.answer
    await heals()
  })

  it('by DELETE during the gate gets 130', async () => {
    await arrange(
      'real "$@"',
      '',
      'healthcheck: { test: ["CMD", "sleep", "100"], timeout: 100s, interval: 100ms }',
    )
    const asked = deploy()
    await until('the container is started', () => asked.text().includes('Started'))
    const [job] = await jobs()
    await cancel(job?.id ?? '')
    expect(await asked.answer).toMatchObject({ exitCode: '130' })
  })

  it('by a stranger goes on', async () => {
    await arrange(hanging)
    const asked = deploy()
    await until('compose has begun', async () => (await compose.starts()).length === 1)
    const [job] = await jobs()
    expect(await ask('DELETE', `${bench.url}/jobs/${job?.id}`, 'nobody').answer).toMatchObject({
      status: 401,
    })
    expect(await jobs()).toMatchObject([{ state: 'running' }])
    await cancel(job?.id ?? '')
    await asked.answer
  })
})
