import { keys } from '@redeployster/shared/redis/keys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { entry, setStage, type Stage } from './testing/api.ts'
import { ask, parse } from './testing/http.ts'

let stage: Stage
beforeEach(async () => void (stage = await setStage()))
afterEach(() => stage.stop())

describe('GET /readyz', () => {
  it('answers 200 when a deploy would be accepted and carried out', async () => {
    expect(await ready()).toEqual([200, { status: 'ready' }])
  })

  it('names the worker when none has been heard of for a while', async () => {
    await stage.worker.beat(new Date(Date.now() - 21_000))
    expect(await ready()).toEqual([503, { away: ['worker'] }])
  })

  it('says that a worker still checks its services: those that it has checked are deployed', async () => {
    await stage.worker.publish([entry('shop/hello')], false)
    expect(await ready()).toEqual([200, { status: 'ready', checking: ['catalogue'] }])
  })

  it('names both when no worker has ever come', async () => {
    await stage.worker.redis.del(keys.hosts)
    expect(await ready()).toEqual([503, { away: ['catalogue', 'worker'] }])
  })

  it('names Redis when that is away', async () => {
    await stage.redis.kill('SIGKILL')
    expect(await ready()).toEqual([503, { away: ['redis'] }])
  })
})

describe('GET /healthz', () => {
  it('answers 200 also when everything else is away', async () => {
    await stage.redis.kill('SIGKILL')
    expect((await ask(stage.port, 'GET /healthz')).status).toBe(200)
  })
})

async function ready() {
  const answer = await ask(stage.port, 'GET /readyz')
  return [answer.status, parse(answer)]
}
