import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostId, projectName, qualifiedName, queueName, serviceName, toHostId } from './service.ts'

describe('a name is accepted as compose would accept it, and nothing else', () => {
  it.each(['hello', 'Hello', 'hello-1', 'a.b_c', '--help', '..', '-', 'x'.repeat(128)])(
    'service %j',
    (name) => {
      expect(serviceName.parse(name)).toBe(name)
    },
  )

  it.each(['', 'x'.repeat(129), 'a/b', 'a b', 'a\n', '\0', 'a:b', 'é', '@complete', 'a%2f'])(
    'not service %j',
    (name) => {
      expect(serviceName.safeParse(name).success).toBe(false)
    },
  )

  it.each(['shop', 'my_shop-2', '2'])('project %j', (name) => {
    expect(projectName.parse(name)).toBe(name)
  })

  it.each(['', 'Shop', 'a.b', '..', 'a/b', 'shop\n'])('not project %j', (name) => {
    expect(projectName.safeParse(name).success).toBe(false)
  })
})

describe('the identity of a host', () => {
  it("is the engine's ID, without colons", () => {
    expect(toHostId('ABCD:EFGH:2345')).toBe('ABCD-EFGH-2345')
  })
})

describe('a queue', () => {
  it('belongs to one service only', () => {
    fc.assert(
      fc.property(key(), key(), (a, b) => {
        const isSameService = a.host === b.host && a.project === b.project && a.service === b.service
        expect(queueName(a) === queueName(b)).toBe(isSameService)
      }),
    )
  })
})

it('names a service for people by project and service', () => {
  expect(qualifiedName({ project: projectName.parse('shop'), service: serviceName.parse('hello') })).toBe(
    'shop/hello',
  )
})

/** Names of few letters, so that collisions would be found. */
function key() {
  return fc.record({
    host: fc.stringMatching(/^[aA_-]{1,3}$/).map((it) => hostId.parse(it)),
    project: fc.stringMatching(/^[a_-]{1,3}$/).map((it) => projectName.parse(it)),
    service: fc.stringMatching(/^[a._-]{1,3}$/).map((it) => serviceName.parse(it)),
  })
}
