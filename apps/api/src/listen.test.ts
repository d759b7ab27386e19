import os from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setStage, startTestApi, type Stage } from './testing/api.ts'
import { ask } from './testing/http.ts'

let stage: Stage
beforeAll(async () => void (stage = await setStage()))
afterAll(() => stage.stop())

const hasIpv6 = Object.values(os.networkInterfaces())
  .flat()
  .some((it) => it?.address === '::1')

describe('the address ::', () => {
  it.each(hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'])('takes connections to %s', async (host) => {
    const api = await startTestApi(stage.redis, { listen: '::' })
    expect((await ask(api.port, 'GET /healthz', { host })).status).toBe(200)
    await api.stop()
  })
})

describe('an API that cannot listen says why and what to do', () => {
  it.each([
    ['the port is in use', '127.0.0.1', () => stage.port, /port \d+ is in use.*another PORT/],
    ['the port is in use on one interface', '::', () => stage.port, /port \d+ is in use.*another PORT/],
    ['the address is that of another machine', '192.0.2.1', () => 0, /no address 192\.0\.2\.1.*Set LISTEN/],
    ['the address is none', 'no.such.address.invalid', () => 0, /Cannot listen: .*LISTEN/],
  ])('%s', async (_, listen, port, message) => {
    await expect(startTestApi(stage.redis, { listen, port: port() })).rejects.toThrow(message)
  })
})
