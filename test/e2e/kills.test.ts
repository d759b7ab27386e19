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
import { ask, getJson, post, type Asked } from '../harness/http.ts'
import { createBench, type Bench } from '../harness/parts.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { published } from '../harness/layout.ts'
import { until } from '../harness/until.ts'

// Containers of a run that was killed must not answer to the same token.
const token = randomBytes(16).toString('hex')

// How long a container has to run is what the tests of the gate are for.
const yaml = (version: number) => `
  services:
    hello:
      <<: *base
      environment: { VERSION: "${version}" }
      labels: { redeployster.token: ${token}, redeployster.gate: 1s }
`

/** An `up` that waits for the test, and says when it has ended. */
const held = `
mkfifo "$folder/gate" 2>/dev/null
read _ <"$folder/gate"
real "$@"
code=$?
echo ended >>"$folder/starts"
exit $code`

interface Job {
  readonly state: string
  readonly exitCode?: number
  readonly started: boolean
}

describeWithEngine('a kill -9 at any boundary of the walk', () => {
  let project: TestProject
  let bench: Bench
  let compose: ScriptedCompose

  async function arrange(up: string) {
    project = await createProject({ yaml: yaml(1) })
    await project.up()
    compose = await scriptCompose(up)
    bench = await createBench({ COMPOSE_COMMAND: compose.command })
  }

  /** A change of the file, so that a deploy really replaces the container. */
  async function change() {
    await project.write('compose.yaml', yaml(2))
  }

  async function runningVersion() {
    const ids = await docker('ps', '-q', '--filter', `label=com.docker.compose.project=${project.name}`)
    const shown = await docker(
      'inspect',
      '--format',
      '{{.State.Status}} {{json .Config.Env}}',
      ...ids.split('\n'),
    )
    return /^(\w+) .*VERSION=(\d)/.exec(shown)?.slice(1).join(' ')
  }

  /** Lets first the one and then the other go; resolves to their exit codes and to what their composes did, in order. */
  async function letBothGo(first: Asked, second: Asked) {
    await letGo()
    const before = await first.answer
    await letGo()
    const after = await second.answer
    const order = (await compose.starts()).map((line) => line.split(' ')[0])
    return { exitCodes: [before.exitCode, after.exitCode], order }
  }

  /** The orphan ends before the next one starts, and what came of it nobody knows. */
  const inTurn = { exitCodes: ['125', '0'], order: ['hello', 'ended', 'hello', 'ended'] }

  async function letGo() {
    await fs.writeFile(path.join(compose.folder, 'gate'), 'go\n')
  }

  afterEach(async () => {
    await bench.clear()
    await compose.remove()
    await removeProjects()
  })

  it.each(['fetched', 'released', 'planned', 'lane', 'begun up', 'ended', 'concluded', 'finished'])(
    'of the worker when it has %s leaves the verdict true, the service up and one start',
    async (boundary) => {
      await arrange('real "$@"')
      await bench.startApi()
      const dying = bench.startWorker(boundary)
      await published(bench.url, token, 'hello')
      await change()

      const asked = ask('POST', `${bench.url}/hello`, token)
      await dying.exited
      bench.startWorker()
      const { exitCode, jobId } = await asked.answer

      expect(exitCode).toBe('0')
      expect(await getJson<Job>(`${bench.url}/jobs/${jobId}`, token)).toMatchObject({
        state: 'succeeded',
        exitCode: 0,
        started: true,
      })
      expect(await compose.starts()).toHaveLength(1)
      expect(await runningVersion()).toBe('running 2')
      await until('the job has left no folder', async () => {
        return (await fs.readdir(path.join(bench.stateDir, 'jobs'))).length === 0
      })
    },
  )

  it.each(['accepted', 'answered'])(
    'of the API when it has %s never makes a deploy run twice',
    async (boundary) => {
      await arrange('real "$@"')
      const dying = await bench.startApi(boundary)
      bench.startWorker()
      await published(bench.url, token, 'hello')
      await change()

      const asked = ask('POST', `${bench.url}/hello`, token)
      await dying.exited
      await expect(asked.answer).rejects.toThrow(/hang up|cut/)
      await bench.startApi()

      const [job] = await until('history has the job', async () => {
        const { jobs } = await getJson<{ jobs: Job[] }>(`${bench.url}/jobs`, token)
        return jobs[0]?.exitCode !== undefined && jobs
      })
      expect(job).toMatchObject({ state: 'succeeded', exitCode: 0 })
      expect(await compose.starts()).toHaveLength(1)
      expect(await runningVersion()).toBe('running 2')
    },
  )

  it('of the API before it has confirmed the job leaves nothing that could surprise anybody', async () => {
    await arrange('real "$@"')
    const dying = await bench.startApi('queued')
    const worker = bench.startWorker()
    await published(bench.url, token, 'hello')

    const asked = ask('POST', `${bench.url}/hello`, token)
    await dying.exited
    await expect(asked.answer).rejects.toThrow(/hang up|cut/)
    await bench.startApi()
    await worker.says('hello rejected')

    expect(await compose.starts()).toEqual([])
    expect(await post(`${bench.url}/hello`, token)).toMatchObject({ exitCode: '0' })
  })

  it.each(['failed', 'retagged', 'begun rollback'])(
    'of the worker when it has %s, in a rollback, does not keep the old image from coming back',
    async (boundary) => {
      const image = `rdk-${token}`
      const withImage = `
  services:
    hello:
      <<: *base
      image: ${image}
      command: sleep 100000
      labels: { redeployster.token: ${token}, redeployster.gate: 1s, redeployster.rollback: "true" }
`
      await docker('tag', 'fixture/busybox:1', image)
      project = await createProject({ yaml: withImage })
      await project.up()
      compose = await scriptCompose('real "$@"')
      bench = await createBench({ COMPOSE_COMMAND: compose.command })
      await bench.startApi()
      const dying = bench.startWorker(boundary)
      await published(bench.url, token, 'hello')
      const container = await docker('create', 'fixture/busybox:1', 'true')
      await docker('commit', '--change', 'ENTRYPOINT ["sh", "-c", "exit 3"]', container, image)
      await docker('rm', container)

      const asked = ask('POST', `${bench.url}/hello`, token)
      await dying.exited
      bench.startWorker()
      const { exitCode, body } = await asked.answer

      expect(exitCode).toBe('3')
      expect(body).toContain('; rolled back to sha256:')
      // One for the deploy, one for the way back.
      expect(await compose.starts()).toHaveLength(2)
      const running = ['ps', '-q', '--filter', `label=com.docker.compose.project=${project.name}`]
      expect((await docker(...running)).split('\n')).toEqual([expect.stringMatching(/\w/)])
    },
  )

  it('of the worker while compose runs lets compose finish, and the stream goes on', async () => {
    await arrange(`
echo before
mkfifo "$folder/gate" && read _ <"$folder/gate"
real "$@"
code=$?
echo after
exit $code`)
    await bench.startApi()
    const worker = bench.startWorker()
    await published(bench.url, token, 'hello')
    await change()

    const asked = ask('POST', `${bench.url}/hello`, token)
    await until('compose has begun', () => asked.text().includes('before\n'))
    await worker.end('SIGKILL')
    await letGo()
    bench.startWorker()
    const { exitCode, body } = await asked.answer

    expect(exitCode).toBe('0')
    expect(body.match(/^(before|after)$/gm)).toEqual(['before', 'after'])
    expect(await compose.starts()).toHaveLength(1)
    expect(await runningVersion()).toBe('running 2')
  })

  it('of the runner while compose runs is said to be of unknown end, and only when compose has ended', async () => {
    await arrange(held)
    await bench.startApi()
    bench.startWorker()
    await published(bench.url, token, 'hello')
    await change()

    const first = ask('POST', `${bench.url}/hello`, token)
    const pid = await until('compose has begun', async () => (await compose.starts())[0]?.split(' ').at(-1))
    process.kill(await parentOf(Number(pid)), 'SIGKILL')
    const second = ask('POST', `${bench.url}/hello`, token)
    await second.begun
    expect(await letBothGo(first, second)).toEqual(inTurn)
    expect(await runningVersion()).toBe('running 2')
  })

  it('of worker and runner makes a waiting job wait for the orphan', async () => {
    await arrange(held)
    await bench.startApi()
    const worker = bench.startWorker()
    await published(bench.url, token, 'hello')
    await change()

    const first = ask('POST', `${bench.url}/hello`, token)
    const pid = await until('compose has begun', async () => (await compose.starts())[0]?.split(' ').at(-1))
    await worker.end('SIGKILL')
    process.kill(await parentOf(Number(pid)), 'SIGKILL')
    const second = ask('POST', `${bench.url}/hello`, token)
    await second.begun
    const next = bench.startWorker()
    await next.says('Goes on with a deploy')
    expect(await letBothGo(first, second)).toEqual(inTurn)
  })

  it('of a worker and of one that waits for the engine hands the engine on', async () => {
    await arrange('real "$@"')
    await bench.startApi()
    const worker = bench.startWorker()
    await published(bench.url, token, 'hello')
    const waiting = bench.startWorker()
    await waiting.says('Another worker serves this engine')
    await worker.end('SIGKILL')
    await waiting.says('is deployable')
    expect(await post(`${bench.url}/hello`, token)).toMatchObject({ exitCode: '0' })
  })
})

async function parentOf(pid: number): Promise<number> {
  const status = await fs.readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1])
}
