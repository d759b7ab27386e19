import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { createJobs } from '@redeployster/shared/jobs/redis-jobs'
import { jobId } from '@redeployster/shared/contract/job'
import { connectRedis } from '@redeployster/shared/redis/connect'
import { createProject, describeWithEngine, removeProjects } from '@redeployster/shared/testing/docker'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { holdCompose, type HeldCompose } from '../harness/held-compose.ts'
import { ask, getJson, type Asked } from '../harness/http.ts'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'
import { createBench, type Bench } from '../harness/parts.ts'
import { randomNumbers } from '../harness/random.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { until } from '../harness/until.ts'

interface Job {
  readonly id: string
  readonly state: string
  readonly exitCode?: number
  readonly started: boolean
  readonly requests: number
}

const newToken = () => randomBytes(16).toString('hex')
const jobOf = async ({ begun }: Asked) => (await begun).headers['job-id']
const answers = (asked: readonly Asked[]) => Promise.all(asked.map(({ answer }) => answer))

describeWithEngine('requests for a service', () => {
  afterEach(removeProjects)

  describe.each(layouts)('with %s', (layout) => {
    let compose: HeldCompose
    let deployment: Deployment
    let token: string

    beforeAll(async () => {
      compose = await holdCompose()
      deployment = await deployRedeployster(layout, { COMPOSE_COMMAND: compose.command })
    })
    beforeEach(async () => {
      await compose.reset()
      token = newToken()
    })
    afterAll(async () => {
      await deployment.stop()
      await compose.remove()
    })

    function request(index: number, by = token): Asked {
      const { urls } = deployment
      return ask('POST', `${urls[index % urls.length]}/hello`, by)
    }

    async function history() {
      const { jobs } = await getJson<{ jobs: Job[] }>(`${deployment.urls[0]}/jobs`, token)
      return jobs
    }

    it('made during a deploy share one more run, and each gets the verdict of its own', async () => {
      await startProject(`{ redeployster.token: ${token} }`)
      await published(deployment.urls[0], token, 'hello')

      const first = request(0)
      await compose.begun('hello')
      const others = Array.from({ length: 50 }, (_, index) => request(index))
      const ids = await Promise.all(others.map(jobOf))
      await compose.end('hello', 3)
      expect(await first.answer).toMatchObject({ status: 200, exitCode: '3' })
      await compose.end('hello', 4, 2)

      expect((await answers(others)).map(({ exitCode }) => exitCode)).toEqual(Array(50).fill('4'))
      expect(new Set(ids).size).toBe(1)
      expect(await history()).toMatchObject([
        { id: ids[0], state: 'failed', exitCode: 4, requests: 50 },
        { id: await jobOf(first), state: 'failed', exitCode: 3, requests: 1 },
      ])
      expect(await compose.events()).toEqual(['begin hello', 'end hello', 'begin hello', 'end hello'])
    })

    it('share no run with those of another token', async () => {
      const other = newToken()
      const digest = createHash('sha256').update(other).digest('hex')
      await startProject(`{ redeployster.token: ${token}, redeployster.token-sha256: ${digest} }`)
      await published(deployment.urls[0], token, 'hello')

      const first = request(0)
      await compose.begun('hello')
      const [mine, yours, mineToo, yoursToo] = [request(0), request(1, other), request(2), request(3, other)]
      expect(await jobOf(mine)).toBe(await jobOf(mineToo))
      expect(await jobOf(yours)).toBe(await jobOf(yoursToo))
      expect(await jobOf(mine)).not.toBe(await jobOf(yours))
      for (const run of [1, 2, 3]) await compose.end('hello', 0, run)
      await answers([first, mine, yours, mineToo, yoursToo])

      expect((await history()).map(({ requests }) => requests)).toEqual([2, 2, 1])
    })
  })

  describe('of which the worker is killed', () => {
    let compose: ScriptedCompose
    let bench: Bench
    let token: string
    let waiting: Asked

    beforeEach(async () => {
      token = newToken()
      await startProject(`{ redeployster.token: ${token} }`)
      compose = await scriptCompose('exit 0')
      bench = await createBench({ COMPOSE_COMMAND: compose.command })
      await bench.startApi()
      const dying = bench.startWorker('fetched')
      await published(bench.url, token, 'hello')
      waiting = ask('POST', `${bench.url}/hello`, token)
      await dying.exited
    })
    afterEach(async () => {
      await bench.clear()
      await compose.remove()
    })

    it('share a job that it has only fetched', async () => {
      const joining = ask('POST', `${bench.url}/hello`, token)
      expect(await jobOf(joining)).toBe(await jobOf(waiting))
      bench.startWorker()

      expect(await answers([waiting, joining])).toMatchObject([{ exitCode: '0' }, { exitCode: '0' }])
      expect(await compose.starts()).toHaveLength(1)
    })

    it('share no job that has its verdict, though it still has the join key', async () => {
      const redis = connectRedis(bench.redis.url, 'patient', pino({ level: 'silent' }))
      const expired = { state: 'expired', exitCode: 125, started: false } as const
      await createJobs(redis).concludeUnbegun(jobId.parse(await jobOf(waiting)), expired)
      redis.disconnect()
      expect(await waiting.answer).toMatchObject({ exitCode: '125' })

      const [next, joining] = [0, 1].map(() => ask('POST', `${bench.url}/hello`, token)) as [Asked, Asked]
      expect(await jobOf(next)).not.toBe(await jobOf(waiting))
      expect(await jobOf(joining)).toBe(await jobOf(next))
      bench.startWorker()

      expect(await answers([next, joining])).toMatchObject([{ exitCode: '0' }, { exitCode: '0' }])
      expect(await compose.starts()).toHaveLength(1)
    })
  })
})

const seed = 20
const total = 1000
const callers = 40
const services = ['red', 'green', 'blue']
const verdictOf = (version: number) => version % 3

/** What a caller was told, and the version that he wanted deployed. */
interface Told {
  readonly job: string
  readonly version: number
  readonly exitCode: number
}

describeWithEngine(`${total} requests while API and worker are killed (seed ${seed})`, () => {
  afterEach(removeProjects)

  describe.each(layouts)('with %s', (layout) => {
    let compose: ScriptedCompose
    let deployment: Deployment
    let token: string

    beforeAll(async () => {
      // The version that it reads as its first act decides over its end. Its current folder is its job's.
      compose = await scriptCompose(
        'read version <version; echo "deployed $version"; exit $((version % 3))',
        'echo "$(tee version <"$folder/version") $PWD"',
      )
      deployment = await deployRedeployster(layout, { COMPOSE_COMMAND: compose.command })
    })
    beforeEach(() => {
      token = newToken()
    })
    afterAll(async () => {
      await deployment.stop()
      await compose.remove()
    })

    it('all get the verdict of a run that started after them, and no job starts twice', async () => {
      const { up } = await createProject({ yaml: yamlOf(services, `{ redeployster.token: ${token} }`) })
      await up()
      for (const service of services) await published(deployment.urls[0], token, service)

      const told = await deployWhileKilling()
      const jobs = await until('every job has its verdict', async () => {
        const all = await history()
        return all.every(({ exitCode }) => exitCode !== undefined) && all
      })

      const runs = await runsOfJobs()
      expect(told).toHaveLength(total)
      const read = ({ job }: Told) => runs.get(job)?.[0] ?? -1
      expect(told.filter((it) => read(it) < it.version)).toEqual([])
      expect(told.filter((it) => it.exitCode !== verdictOf(read(it)))).toEqual([])
      // Those that an API was killed over before it had confirmed them: nobody was told of them, and nothing ran.
      const begun = jobs.filter(({ started }) => started)
      const unbegun = jobs.filter((job) => !begun.includes(job))
      expect(unbegun.filter(({ id, exitCode }) => runs.has(id) || exitCode !== 126)).toEqual([])
      for (const { id, exitCode, requests } of begun) {
        const [version = -1, ...more] = runs.get(id) ?? []
        expect({ id, more, exitCode }).toEqual({ id, more: [], exitCode: verdictOf(version) })
        expect(await logOf(id)).toEqual([`deployed ${version}`, `exit-code: ${exitCode}`])
        expect(told.filter(({ job }) => job === id).length).toBeLessThanOrEqual(requests)
      }
      expect(runs.size).toBe(begun.length)
      expect(jobs.length).toBeLessThan(total)
    })

    async function deployWhileKilling(): Promise<readonly Told[]> {
      const random = randomNumbers(seed)
      const told: Told[] = []
      let sent = 0
      let version = 0
      let restart = Promise.resolve()

      /** Renamed into place, so that whoever reads it finds a whole number, and never a smaller one than before. */
      function nextVersion(): number {
        const file = path.join(compose.folder, 'version')
        fs.writeFileSync(`${file}.tmp`, `${++version}\n`)
        fs.renameSync(`${file}.tmp`, file)
        return version
      }

      async function deployOnce(url: string): Promise<Told | false> {
        const version = nextVersion()
        const asked = ask('POST', url, token)
        const response = await asked.begun.catch(() => undefined)
        const job = response?.headers['job-id'] as string | undefined
        if (job === undefined) {
          // Killed before it answered, or without its Redis: nothing is known of the deploy, so it is asked for again.
          expect([503, undefined]).toContain(response?.statusCode)
          await restart
          return false
        }
        const answer = await asked.answer.catch(() => undefined)
        return { job, version, exitCode: answer ? Number(answer.exitCode) : await lookUp(job) }
      }

      async function call() {
        while (sent < total) {
          const service = services[sent % services.length]
          const url = `${deployment.urls[sent % deployment.urls.length]}/${service}`
          sent++
          told.push(await until(`a verdict of ${service}`, () => deployOnce(url)))
        }
      }

      async function kill() {
        for (let at = 20; at < total; at += 20 + Math.floor(random() * 100)) {
          await until(`request ${at} is sent`, () => sent >= at)
          const part = random() < 0.5 ? 'api' : 'worker'
          restart = deployment.end(part, 'SIGKILL').then(deployment.start)
          await restart
        }
      }

      await Promise.all([kill(), ...Array.from({ length: callers }, call)])
      return told
    }

    async function lookUp(job: string): Promise<number> {
      return until(`job ${job} has a verdict`, async () => {
        const shown = ask('GET', `${deployment.urls[0]}/jobs/${job}`, token)
        const { status, body } = await shown.answer.catch(() => ({ status: 0, body: '' }))
        return status === 200 && (JSON.parse(body) as Job).exitCode
      })
    }

    async function history(): Promise<readonly Job[]> {
      const all: Job[] = []
      for (let page: string | undefined = '/jobs?limit=200'; page !== undefined;) {
        const { jobs, next }: { jobs: Job[]; next?: string } = await getJson(deployment.urls[0] + page, token)
        all.push(...jobs)
        page = next
      }
      return all
    }

    /** What compose printed for a job, and its verdicts. */
    async function logOf(job: string): Promise<readonly string[]> {
      const { body } = await ask('GET', `${deployment.urls[0]}/jobs/${job}/log`, token).answer
      return body.match(/^deployed .*$|exit-code: .*$/gm) ?? []
    }

    /** Of each job the versions that its runs have read. */
    async function runsOfJobs() {
      const runs = new Map<string, number[]>()
      for (const line of await compose.starts()) {
        const [, version, folder = ''] = line.split(' ')
        const job = path.basename(path.dirname(folder))
        runs.set(job, [...(runs.get(job) ?? []), Number(version)])
      }
      return runs
    }
  })
})

async function startProject(labels: string): Promise<void> {
  const { up } = await createProject({ yaml: yamlOf(['hello'], labels) })
  await up()
}

function yamlOf(names: readonly string[], labels: string): string {
  return ['services:', ...names.map((name) => `  ${name}: { <<: *base, labels: ${labels} }`)].join('\n')
}
