import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask, post } from '../harness/http.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

/** An `up` that says where it is, and goes on when the test says so. */
const halfWay = `
echo before
mkfifo "$folder/gate" 2>/dev/null
read _ <"$folder/gate"
echo after
touch "$folder/ended"
exit 3`

const wholeLog = /^before\nafter\nredeployster: .*exit code 3.*\nredeployster: job \S+ exit-code: 3\n$/

describeWithEngine('when Redis fails', () => {
  let stage: Stage
  let admin: Redis

  beforeEach(async () => {
    stage = await setStage({ up: halfWay, gate: 'none' })
    admin = connectRedis(stage.bench.redis.url, 'patient', pino({ level: 'silent' }))
  })
  afterEach(async () => {
    admin.disconnect()
    await stage.clear()
  })

  /** A deploy that has printed its first line. */
  async function begun() {
    const asked = stage.deploy()
    await until('compose has begun', () => asked.text().includes('before\n'))
    return asked
  }

  const letGo = () => fs.writeFile(path.join(stage.compose.folder, 'gate'), 'go\n')
  const hasEnded = () => existsSync(path.join(stage.compose.folder, 'ended'))

  async function storedLog(id: string | undefined) {
    return (await ask('GET', `${stage.bench.url}/jobs/${id}/log`, stage.token).answer).body
  }

  async function isRefused() {
    const { status, headers, body } = await post(`${stage.bench.url}/hello`, stage.token)
    return { status, retryAfter: headers['retry-after'], code: (JSON.parse(body) as { code: string }).code }
  }
  const refused = { status: 503, retryAfter: '5', code: 'redis_unavailable' }

  async function ready() {
    return (await ask('GET', `${stage.bench.url}/readyz`).answer).status
  }

  describe('a request is refused within the time of one command, and nothing comes of it later', () => {
    it.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
      [
        'F14 its port refuses connections',
        () => stage.bench.lines.api.set('refuse'),
        () => stage.bench.lines.api.set('pass'),
      ],
      [
        'F15 the line swallows everything',
        () => stage.bench.lines.api.set('black-hole'),
        () => stage.bench.lines.api.set('pass'),
      ],
      [
        'F15 its connections were forgotten on the way',
        () => stage.bench.lines.api.set('half-open'),
        async () => {},
      ],
      [
        'F14 connections are reset',
        () => stage.bench.lines.api.set('reset'),
        () => stage.bench.lines.api.set('pass'),
      ],
      ['F15 it is frozen', async () => stage.bench.redis.freeze(), async () => stage.bench.redis.thaw()],
      [
        'F20 it is out of memory',
        () => admin.config('SET', 'maxmemory', '1'),
        () => admin.config('SET', 'maxmemory', '0'),
      ],
      [
        'F19 it takes no writes, as one whose disk is full',
        () => admin.config('SET', 'min-replicas-to-write', '1'),
        () => admin.config('SET', 'min-replicas-to-write', '0'),
      ],
      [
        'F55 it has become a replica',
        () => admin.replicaof('127.0.0.1', 1),
        () => admin.replicaof('NO', 'ONE'),
      ],
    ])('%s', async (_, damage, mend) => {
      const worker = await stage.begin()
      await damage()
      expect(await isRefused()).toEqual(refused)

      await mend()
      await until('the API is ready again', async () => (await ready()) === 200)
      await until('no job waits any more', async () => {
        const jobs = await stage.jobs().catch(() => undefined)
        return jobs?.every(({ exitCode }) => exitCode !== undefined)
      })
      expect(await stage.compose.starts()).toEqual([])
      expect(worker.output()).not.toContain('"level":60')
      // The next one is taken.
      const asked = await begun()
      await letGo()
      expect(await asked.answer).toMatchObject({ status: 200, exitCode: '3' })
    })
  })

  describe('a deploy that runs goes on, and its stream and its log are whole', () => {
    it.each<[string, () => Promise<unknown>, () => Promise<unknown>, boolean?]>([
      [
        'F17 it is killed and started again',
        () => stage.bench.redis.kill('SIGKILL'),
        () => stage.bench.redis.restart(),
      ],
      [
        'F16 it is stopped and started again',
        () => stage.bench.redis.kill('SIGTERM'),
        () => stage.bench.redis.restart(),
      ],
      [
        'F21 the API is cut off from it',
        () => stage.bench.lines.api.set('black-hole'),
        () => stage.bench.lines.api.set('pass'),
      ],
      [
        'F21 the connections of the API are reset',
        () => stage.bench.lines.api.set('reset'),
        () => stage.bench.lines.api.set('pass'),
      ],
      [
        'F22 the worker is cut off from it',
        () => stage.bench.lines.worker.set('black-hole'),
        () => stage.bench.lines.worker.set('pass'),
      ],
      [
        'F21 the connections of the API were forgotten on the way',
        () => stage.bench.lines.api.set('half-open'),
        async () => {},
      ],
      [
        'F22 the connections of the worker were forgotten on the way',
        () => stage.bench.lines.worker.set('half-open'),
        async () => {},
      ],
      [
        'F22 the connections of the worker are refused',
        () => stage.bench.lines.worker.set('refuse'),
        () => stage.bench.lines.worker.set('pass'),
      ],
      [
        'F22 everything comes late',
        () => stage.bench.lines.worker.set('delay'),
        () => stage.bench.lines.worker.set('pass'),
      ],
      [
        'F19 it takes no writes',
        () => admin.config('SET', 'min-replicas-to-write', '1'),
        () => admin.config('SET', 'min-replicas-to-write', '0'),
        true,
      ],
      [
        'F20 it is out of memory',
        () => admin.config('SET', 'maxmemory', '1'),
        () => admin.config('SET', 'maxmemory', '0'),
        true,
      ],
      ['F15 it is frozen', async () => stage.bench.redis.freeze(), async () => stage.bench.redis.thaw()],
    ])('%s', async (_, damage, mend, isRefusing = false) => {
      const worker = await stage.begin()
      const asked = await begun()
      await damage()
      await letGo()
      await until('compose has ended', hasEnded)
      if (isRefusing) await worker.says('Redis refuses a command')
      await mend()
      const { exitCode, body, jobId } = await asked.answer

      expect(exitCode).toBe('3')
      expect(body.slice(body.indexOf('\n') + 1).replaceAll(/^redeployster: still .*\n/gm, '')).toMatch(
        wholeLog,
      )
      expect(await storedLog(jobId)).toMatch(wholeLog)
      expect(await stage.compose.starts()).toHaveLength(1)
    })
  })

  it('F13 a worker that is started while Redis is away says so, and deploys when it is back', async () => {
    await stage.bench.startApi()
    await stage.bench.lines.worker.set('refuse')
    const worker = stage.bench.startWorker()
    await worker.says('Redis is away')
    await stage.bench.lines.worker.set('pass')
    await stage.published()
    const asked = await begun()
    await letGo()
    expect(await asked.answer).toMatchObject({ exitCode: '3' })
  })

  describe.runIf(process.getuid?.() === 0)('F19 on a disk of its own that is full', () => {
    const run = promisify(execFile)
    let folder: string
    beforeEach(async () => {
      ;[, folder = ''] = (await admin.config('GET', 'dir')) as [string, string]
      await stage.bench.redis.kill('SIGTERM')
      await run('mount', ['-t', 'tmpfs', '-o', 'size=3m,huge=never', 'tmpfs', folder])
      await stage.bench.redis.restart()
      // Told to write at once, Redis ends when it cannot; by its own default it goes on, and takes no writes.
      await admin.config('SET', 'appendfsync', 'everysec')
    })
    afterEach(() => run('umount', ['--lazy', folder]))

    it('a request is refused, and a deploy that runs goes on when there is room again', async () => {
      const worker = await stage.begin()
      const asked = await begun()
      const filler = path.join(folder, 'filler')
      await run('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4096', 'count=1024']).catch(() => {})
      const hasty = connectRedis(stage.bench.redis.url, 'impatient', pino({ level: 'silent' }))
      await until('Redis takes no writes', async () => {
        const said = await hasty.set('filler', 'x'.repeat(4096)).catch(String)
        return said.includes('MISCONF')
      })
      hasty.disconnect()
      expect(await isRefused()).toEqual(refused)
      await letGo()
      await worker.says('Redis refuses a command')

      await fs.rm(filler)
      const { exitCode, jobId } = await asked.answer
      expect(exitCode).toBe('3')
      expect(await storedLog(jobId)).toMatch(wholeLog)
      expect(await stage.compose.starts()).toHaveLength(1)
    })
  })

  it('F18 a deploy that runs while Redis is emptied gets its verdict, and history knows it', async () => {
    await stage.begin()
    const asked = await begun()
    const id = (await asked.begun).headers['job-id'] as string
    await admin.flushall()
    await letGo()

    expect(await asked.answer).toMatchObject({ exitCode: '3' })
    await stage.published()
    expect(await stage.jobs()).toMatchObject([{ id, state: 'failed', exitCode: 3, started: true }])
  })

  it('F18 after Redis was emptied, deploys are refused with 503 until the worker has published its catalogue', async () => {
    await stage.begin()
    await admin.flushall()
    const answer = await post(`${stage.bench.url}/hello`, stage.token)
    expect([200, 503]).toContain(answer.status)
    await stage.published()
  })

  it.each<[string, () => Promise<void>, () => Promise<void>]>([
    [
      'was cut off for long takes the first job after it at once',
      () => stage.bench.lines.worker.set('black-hole'),
      async () => {
        await stage.bench.lines.worker.set('reset')
        await stage.bench.lines.worker.set('pass')
      },
    ],
    [
      'is deaf, since its connections were forgotten on the way, takes it in seconds',
      () => stage.bench.lines.worker.set('half-open'),
      async () => {},
    ],
  ])('F23 a worker that %s', async (_, damage, mend) => {
    const worker = await stage.begin()
    await damage()
    const asked = stage.deploy()
    await asked.begun
    await mend()
    await worker.says('"at":"fetched"')
    await letGo()
    expect(await asked.answer).toMatchObject({ exitCode: '3' })
  })
})
