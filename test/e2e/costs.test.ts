import fs from 'node:fs/promises'
import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { keys } from '@redeployster/shared/redis/keys'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

const deploys = 20
const lines = 5000

// Counts and bytes, never times: what a deploy costs whom. Each bound is what was measured, and a little more.
describeWithEngine('what a deploy costs', () => {
  let stage: Stage
  let redis: Redis
  beforeAll(async () => {
    const up = `while [ -e "$folder/hold" ]; do sleep 0.1; done
[ ! -e "$folder/lines" ] || seq -f 'line %.0f, about as long as what compose prints' $(cat "$folder/lines")`
    stage = await setStage({ up, gate: 'none', labels: 'redeployster.pull: missing' })
    await stage.begin()
    redis = connectRedis(stage.bench.redis.url, 'patient', createLogger('silent'))
    await stage.deploy().answer
  })
  afterAll(async () => {
    redis.disconnect()
    await stage.clear()
  })

  it('Redis carries out at most 115 commands for it, those in scripts included', async () => {
    await redis.config('RESETSTAT')
    for (let count = 0; count < deploys; count += 1) await stage.deploy().answer
    const stats = (await redis.info('commandstats')).matchAll(/^cmdstat_\S+:calls=(\d+)/gm)
    const calls = [...stats].reduce((sum, [, count]) => sum + Number(count), 0)
    expect(calls / deploys).toBeLessThan(115)
  })

  it('a line takes hardly more in Redis than its own bytes', async () => {
    await fs.writeFile(inCompose('lines'), `${lines}`)
    const { jobId, body } = await stage.deploy().answer
    await fs.rm(inCompose('lines'))
    const bytes = Number(await redis.call('MEMORY', 'USAGE', keys.log(jobId ?? ''), 'SAMPLES', '0'))
    expect(body.split('\n').length).toBeGreaterThan(lines)
    expect(bytes / Buffer.byteLength(body)).toBeLessThan(1.4)
  })

  it('a rush of 300 requests costs two runs', async () => {
    const before = (await stage.compose.starts()).length
    await fs.writeFile(inCompose('hold'), '')
    const first = stage.deploy()
    await until('the first one runs', async () => (await stage.compose.starts()).length > before)
    const others = Array.from({ length: 299 }, () => stage.deploy())
    await Promise.all(others.map(({ begun }) => begun))
    await fs.rm(inCompose('hold'))
    const answers = await Promise.all([first, ...others].map(({ answer }) => answer))
    expect(answers.filter(({ exitCode }) => exitCode !== '0')).toEqual([])
    expect((await stage.compose.starts()).length - before).toBe(2)
  })

  const inCompose = (name: string) => path.join(stage.compose.folder, name)
})
