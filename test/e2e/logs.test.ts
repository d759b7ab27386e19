import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { createProject, describeWithEngine, removeProjects } from '@redeployster/shared/testing/docker'
import { dumpRedis } from '@redeployster/shared/testing/redis-dump'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createGate, type Gate } from '../harness/gate.ts'
import { ask, getJson, post, type Answer } from '../harness/http.ts'
import { published } from '../harness/layout.ts'
import { createBench, type Bench } from '../harness/parts.ts'
import type { Part } from '../harness/process.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { until } from '../harness/until.ts'

const [token, password] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')]
const service = (name: string) => `
    ${name}:
      <<: *base
      environment: { DB_PASSWORD: ${password} }
      labels: { redeployster.token: ${token} }
`
const services = ['flood', 'quiet', 'held', 'long']
const mebibyte = 1024 ** 2
const lineCount = 200_000

describeWithEngine('a log', () => {
  let bench: Bench
  let compose: ScriptedCompose
  let gate: Gate
  let redis: Redis
  let worker: Part

  beforeAll(async () => {
    const project = await createProject({
      yaml: `\n  services:${services.map(service).join('')}`,
    })
    await project.up()
    compose = await scriptCompose('. "$folder/up-$service"')
    gate = await createGate(path.join(compose.folder, 'gate'))
    await script('flood', `seq -f "line %.0f of a container that has a lot to say" ${lineCount}`)
    await script('quiet', `printf '\\033[31mred\\033[0m %s\\n' "a${password}${token}b"`)
    await script('held', `echo "first ${password}"; read _ <"$folder/gate"; echo "then ${password}"`)
    await script('long', `yes "$(printf %01000d 0)" | head -n 36000; echo all; read _ <"$folder/gate"`)
    const limits = { MAX_LOG: '1MiB', KEEP_LOGS: '1MiB', KEEP_JOBS: '2' }
    bench = await createBench({ COMPOSE_COMMAND: compose.command, ...limits })
    await bench.startApi()
    worker = bench.startWorker()
    for (const name of services) await published(bench.url, token, name)
    redis = connectRedis(bench.redis.url, 'patient', pino({ level: 'silent' }))
  })
  afterAll(async () => {
    redis?.disconnect()
    await gate?.remove()
    await bench?.clear()
    await compose?.remove()
    await removeProjects()
  })

  const script = (name: string, up: string) => fs.writeFile(path.join(compose.folder, `up-${name}`), up)
  const logOf = (id: string | undefined, query = '') =>
    ask('GET', `${bench.url}/jobs/${id}/log${query}`, token).answer

  it('of a flood keeps the first and the last lines, and says which are missing', async () => {
    const { jobId, exitCode } = await post(`${bench.url}/flood`, token)
    expect(exitCode).toBe('0')
    const log = await logOf(jobId)
    const { from, to } = holeIn(log)
    expect(numbersIn(log)).toEqual([...range(1, from - 1), ...range(to + 1, lineCount)])
    const half = (0.5 * mebibyte) / 'line 100000 of a container that has a lot to say\n'.length
    expect(from).toBeGreaterThan(half * 0.7)
    expect(lineCount - to).toBeGreaterThan(half * 0.7)
    expect(log.body).toMatch(/exit-code: 0\n$/)
    const memory = await redis.call('MEMORY', 'USAGE', `{redeployster}:log:${jobId}`, 'SAMPLES', '0')
    expect(Number(memory)).toBeLessThan(1.5 * mebibyte)

    for (const start of [from + 1, to]) {
      const rest = await logOf(jobId, `?follow&from=${start}`)
      expect(holeIn(rest)).toEqual({ from: start, to })
      expect(rest.exitCode).toBe('0')
    }
  })

  it('that ended first goes when there are too many, and its verdict stays', async () => {
    const first = await post(`${bench.url}/flood`, token)
    await post(`${bench.url}/flood`, token)
    await until(
      'the first log is gone',
      async () => (await redis.exists(`{redeployster}:log:${first.jobId}`)) === 0,
    )
    expect(await logOf(first.jobId)).toMatchObject({
      body: `redeployster: this log, or the rest of it, is not kept any more\nredeployster: job ${first.jobId} exit-code: 0\n`,
      exitCode: '0',
    })
  })

  it('goes with its job when the service has too many, and nothing of it is left', async () => {
    const ids: (string | undefined)[] = []
    for (let count = 0; count < 4; count++) ids.push((await post(`${bench.url}/quiet`, token)).jobId)
    const listed = async () => {
      const { jobs } = await getJson<{ jobs: { id: string }[] }>(`${bench.url}/jobs?service=quiet`, token)
      return jobs.map(({ id }) => id).reverse()
    }
    await until('two are left', async () => (await listed()).length === 2)
    expect(await listed()).toEqual(ids.slice(2))
    expect((await logOf(ids[0])).status).toBe(401)
    const dump = JSON.parse(await dumpRedis(bench.redis.url)) as unknown[]
    // BullMQ's list of the last hundred events of a queue names jobs, too.
    const holders = dump.filter(
      (_, index) => index % 2 === 0 && mentions(dump.slice(index, index + 2), ids[0]),
    )
    expect(holders).toEqual([expect.stringMatching(/quiet:events$/)])
  })

  it('shows no secret and does nothing to a terminal', async () => {
    const { jobId, body } = await post(`${bench.url}/quiet`, token)
    expect(body.split('\n')).toContain('red a******b')
    expect((await logOf(jobId)).body.split('\n')).toContain('red a******b')
  })

  it('takes little of the disk while it is written', async () => {
    const asked = ask('POST', `${bench.url}/long`, token)
    await until('compose waits', () => asked.text().endsWith('all\n'), 120_000)
    const [id = ''] = await fs.readdir(path.join(bench.stateDir, 'jobs'))
    const out = path.join(bench.stateDir, 'jobs', id, 'up/out')
    await until(
      'the disk has got most of it back',
      async () => (await fs.stat(out)).blocks * 512 < 24 * mebibyte,
    )
    expect((await fs.stat(out)).size).toBeGreaterThan(36_000_000)
    await gate.open()
    expect((await asked.answer).exitCode).toBe('0')
  })

  it('shows no secret after its worker was killed, and no secret is kept anywhere', async () => {
    const asked = ask('POST', `${bench.url}/held`, token)
    await until('compose waits', () => asked.text().includes('first ***'))
    await worker.end('SIGKILL')
    const [written] = await jobFiles()
    expect(written).toContain('plan.json')
    expect(written).not.toContain(password)
    bench.startWorker()
    await gate.open()
    expect((await asked.answer).body).toContain('\nthen ***\n')
    expect(await dumpRedis(bench.redis.url)).not.toContain(password)
  })

  /** All files of the jobs at work but what compose printed, as one text each. */
  async function jobFiles(): Promise<string[]> {
    const jobs = path.join(bench.stateDir, 'jobs')
    const ids = await fs.readdir(jobs)
    return Promise.all(
      ids.map(async (id) => {
        const files = await fs.readdir(path.join(jobs, id), { recursive: true, withFileTypes: true })
        const texts = files
          .filter((file) => file.isFile() && file.name !== 'out')
          .map(
            async (file) =>
              `${file.name}\n${await fs.readFile(path.join(file.parentPath, file.name), 'utf8')}`,
          )
        return (await Promise.all(texts)).join('\n')
      }),
    )
  }
})

function mentions(value: unknown, id = ''): boolean {
  return JSON.stringify(value).includes(id)
}

function holeIn({ body }: Answer): { from: number; to: number } {
  const [, from, to] = /^redeployster: lines (\d+)–(\d+) not kept$/m.exec(body) ?? []
  return { from: Number(from), to: Number(to) }
}

/** The numbers that compose printed: equal to those of the lines, since it printed nothing else. */
function numbersIn({ body }: Answer): number[] {
  return [...body.matchAll(/^line (\d+) of/gm)].map(([, number]) => Number(number))
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}
