import type { HostInfo } from '@redeployster/shared/contract/catalogue-entry'
import type { HostId } from '@redeployster/shared/contract/service'
import { describe, expect, it } from 'vitest'
import { chooseService } from './choose-service.ts'
import { alpha, beta, entry } from './testing/api.ts'

const hosts = [host(alpha, 'alpha'), host(beta, 'beta')]

describe('of the services of one name that a token opens', () => {
  it('the only one is meant', () => {
    const hello = entry('shop/hello')
    expect(chooseService([hello], hosts)).toBe(hello)
  })

  it('one that is there goes before one that is gone', () => {
    const there = entry('shop/hello')
    const gone = entry('blog/hello', { state: 'gone' })
    expect(chooseService([gone, there], hosts)).toBe(there)
  })

  it('none is meant when several are there: the answer says how to call each', () => {
    expect(refusal([entry('shop/hello'), entry('blog/hello')])).toEqual({
      code: 'ambiguous_service',
      message: expect.stringContaining('POST /shop/hello or POST /blog/hello') as string,
    })
  })

  it('none is meant when several hosts have it: the answer names the hosts', () => {
    expect(refusal([entry('shop/hello'), entry('shop/hello', { host: beta })])).toEqual({
      code: 'ambiguous_service',
      message: expect.stringContaining('POST /shop/hello?host=alpha or POST /shop/hello?host=beta') as string,
    })
  })

  it('that of the engine heard of last is meant when a host got a new engine under its old name', () => {
    const former = host(alpha, 'alpha', '2026-01-01T00:00:00.000Z')
    const present = host(beta, 'alpha', '2026-01-01T00:00:05.000Z')
    const hello = entry('shop/hello', { host: beta })
    expect(chooseService([entry('shop/hello'), hello], [former, present])).toBe(hello)
    expect(chooseService([hello, entry('shop/hello')], [present, former])).toBe(hello)
  })

  it('none is left when all are gone: the answer says since when and what to do', () => {
    const goneSince = '2026-01-01T00:00:00.000Z'
    expect(refusal([entry('shop/hello', { state: 'gone', goneSince })])).toEqual({
      code: 'service_gone',
      message: expect.stringMatching(
        /^shop\/hello cannot .* since 2026-01-01T00:00:00.000Z.*docker compose up -d/,
      ) as string,
    })
  })
})

function host(id: HostId, name: string, seenAt = '2026-01-01T00:00:00.000Z'): HostInfo {
  return { id, name, engine: '24', compose: '2.26', seenAt }
}

function refusal(own: Parameters<typeof chooseService>[0]): unknown {
  try {
    return chooseService(own, hosts)
  } catch (error) {
    const { code, message } = error as Error & { code: string }
    return { code, message }
  }
}
