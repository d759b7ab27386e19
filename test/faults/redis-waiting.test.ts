import fs from 'node:fs/promises'
import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { keys } from '@redeployster/shared/redis/keys'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { setStage, type Stage } from '../harness/stage.ts'

// A stream looks after its job after each silence of 15 s: so the time to start is over at the first look, or at the second.
const overAtFirstLook = '10s'
const overAtSecondLook = '20s'

describeWithEngine('a job that waits for a worker', () => {
  let stage: Stage
  let admin: Redis

  afterEach(async () => {
    admin.disconnect()
    await stage.clear()
  })

  /** Asks for a deploy when the worker has gone. */
  async function wait(startBy: string) {
    stage = await setStage({ up: 'exit 3', gate: 'none', env: { START_BY: startBy } })
    admin = connectRedis(stage.bench.redis.url, 'patient', pino({ level: 'silent' }))
    const worker = await stage.begin()
    await worker.end('SIGKILL')
    const asked = stage.deploy()
    await asked.begun
    return asked
  }

  /** As if the worker had gone long before. */
  async function backdate() {
    for (const [host, json] of Object.entries(await admin.hgetall(keys.hosts))) {
      const seenAt = new Date(Date.now() - 60_000).toISOString()
      await admin.hset(keys.hosts, host, JSON.stringify({ ...(JSON.parse(json) as object), seenAt }))
    }
  }

  it('F26 is told that there is none, expires, and is not started by one that comes later', async () => {
    const asked = await wait(overAtSecondLook)
    await backdate()
    const { exitCode, body, jobId } = await asked.answer

    expect(exitCode).toBe('125')
    expect(body).toMatch(/^redeployster: no worker on host \S+ since \S+Z; start it there by \S+Z/m)
    await stage.bench.startWorker().says('"at":"finished"')
    expect(await stage.compose.starts()).toEqual([])
    expect(await stage.jobs()).toMatchObject([{ id: jobId, state: 'expired', exitCode: 125, started: false }])
  })

  it.each<[string, () => Promise<unknown>]>([
    ['F17 when Redis is killed and has kept nothing', loseAll],
    ['F18 when Redis is emptied', () => admin.flushall()],
  ])('%s it is told so, and is never started', async (_, lose) => {
    const asked = await wait(overAtFirstLook)
    await lose()
    const { exitCode, body, jobId } = await asked.answer

    expect(exitCode).toBeUndefined()
    expect(body.trimEnd().split('\n').at(-1)).toMatch(`redeployster: Redis has lost job ${jobId}: `)
    stage.bench.startWorker()
    await stage.published()
    expect(await stage.deploy().answer).toMatchObject({ exitCode: '3' })
    expect(await stage.compose.starts()).toHaveLength(1)
  })

  async function loseAll() {
    const [, folder] = (await admin.config('GET', 'dir')) as [string, string]
    await stage.bench.redis.kill('SIGKILL')
    await fs.rm(path.join(folder, 'appendonlydir'), { recursive: true })
    await stage.bench.redis.restart()
  }
})
