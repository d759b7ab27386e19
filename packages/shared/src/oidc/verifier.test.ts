import { createHmac } from 'node:crypto'
import { exportSPKI, importJWK, type CryptoKey } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newKey, publicUrl, startIssuer, type TestIssuer } from '../testing/issuer.ts'
import { fetchKeySet } from './fetch-key-set.ts'
import { IssuerAwayError } from './issuer-keys.ts'
import { createVerifier, saidBy, type Verifier } from './verifier.ts'

let issuer: TestIssuer
let verifier: Verifier
let now: number

beforeEach(async () => {
  issuer = await startIssuer()
  now = Date.now()
  verifier = createVerifier(fetchKeySet, () => now)
})
afterEach(() => issuer.stop())

const expected = () => ({ issuer: issuer.url, audiences: [publicUrl] })
const verify = (jwt: string) => verifier.verify(jwt, expected())
const seconds = (delta: number) => Math.floor(now / 1000) + delta
const right = { claims: expect.objectContaining({ repository: 'acme/shop' }) }

describe('a token of the issuer', () => {
  it('is taken, with its claims, by a key that its discovery leads to', async () => {
    expect(await verify(await issuer.token())).toEqual(right)
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys'])
  })

  it.each(['RS256', 'PS256', 'EdDSA'])('may be signed by %s', async (alg) => {
    const key = await newKey('other', alg)
    issuer.answer = (request, response) => {
      const body = request.url === '/keys' ? { keys: [key.publicJwk] } : discovery(issuer)
      response.end(JSON.stringify(body))
    }
    expect(await verify(await issuer.token({}, { with: key }))).toEqual(right)
  })

  it.each([
    ['ended 20 s ago', { exp: -20 }, true],
    ['ended a minute ago', { exp: -60 }, false],
    ['begins in 20 s', { nbf: 20 }, true],
    ['begins in a minute', { nbf: 60 }, false],
  ])('counts by a clock that may be 30 s off: it %s', async (_, times, isTaken) => {
    const claims = Object.fromEntries(Object.entries(times).map(([name, delta]) => [name, seconds(delta)]))
    expect('claims' in (await verify(await issuer.token(claims)))).toBe(isTaken)
  })

  it('can be looked at as it was at another time', async () => {
    const jwt = await issuer.token({ exp: seconds(-600), nbf: seconds(-900) })
    const at = new Date(now - 700_000)
    expect(await verifier.verify(jwt, { ...expected(), at })).toEqual(right)
  })

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['is for somebody else', { aud: 'https://other.example.com' }, /aud/],
    ['is for an address that begins like ours', { aud: `${publicUrl}.evil.example` }, /aud/],
    ['is for nobody', { aud: undefined }, /aud/],
    ['never ends', { exp: undefined }, /exp/],
    ['says that it is of another issuer', { iss: 'https://token.example.com' }, /iss/],
  ])('is refused when it %s', async (_, claims, why) => {
    expect(await verify(await issuer.token(claims))).toEqual({ problem: expect.stringMatching(why) })
  })
})

describe('a token that somebody else has made', () => {
  it('is refused when it is signed by a foreign key under a known name', async () => {
    const { privateKey, publicJwk } = await newKey('first')
    const jwt = await issuer.token({}, { with: { kid: 'first', privateKey, publicJwk } })
    expect(await verify(jwt)).toEqual({ problem: expect.stringMatching(/ERR_JWS_SIGNATURE/) })
  })

  it('is refused when it was changed', async () => {
    const [header, , signature] = (await issuer.token()).split('.')
    const [, payload] = (await issuer.token({ repository: 'evil/shop' })).split('.')
    expect(await verify([header, payload, signature].join('.'))).toHaveProperty('problem')
  })

  it('is refused when the public key is its HMAC secret, and nothing is fetched for that', async () => {
    const key = await issuer.rotate()
    const pem = await exportSPKI((await importJWK(key.publicJwk, 'ES256')) as CryptoKey)
    for (const secret of [
      pem,
      pem.trim(),
      JSON.stringify(key.publicJwk),
      Buffer.from(key.publicJwk.x!, 'base64url'),
    ]) {
      const [, payload] = (await issuer.token()).split('.')
      const head = encode({ alg: 'HS256', kid: key.kid, typ: 'JWT' })
      const signature = createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url')
      expect(await verify(`${head}.${payload}.${signature}`)).toEqual({
        problem: expect.stringMatching(/ALG/),
      })
    }
    expect(issuer.asked).toEqual([])
  })

  it.each(['none', 'None', 'HS384', ''])('is refused with the algorithm "%s"', async (alg) => {
    const [, payload] = (await issuer.token()).split('.')
    expect(await verify(`${encode({ alg })}.${payload}.`)).toHaveProperty('problem')
  })

  it('is refused when it brings its own key, or the address of one', async () => {
    const key = await newKey('evil')
    const header = { jwk: key.publicJwk, jku: `${issuer.url}/evil`, x5u: `${issuer.url}/evil` }
    expect(await verify(await issuer.token({}, { with: key, header }))).toHaveProperty('problem')
    expect(issuer.asked).not.toContain('/evil')
  })

  it.each(['', 'a.b.c', '..', `${encode({ alg: 'ES256' })}.e30.`])(
    'is refused when it is none: "%s"',
    async (jwt) => {
      expect(await verify(jwt)).toHaveProperty('problem')
    },
  )
})

describe('the keys of an issuer', () => {
  it('are fetched once for many tokens, also at the same time', async () => {
    const jwt = await issuer.token()
    await Promise.all([verify(jwt), verify(jwt), verify(jwt)])
    expect(await verify(jwt)).toEqual(right)
    expect(issuer.asked).toHaveLength(2)
  })

  it('are fetched anew for a key that is unknown: one that is rotated counts at once', async () => {
    await verify(await issuer.token())
    await issuer.rotate()
    now += 30_000
    expect(await verify(await issuer.token())).toEqual(right)
    expect(issuer.asked).toHaveLength(4)
  })

  it('are fetched for unknown keys once in 30 s, however many there are', async () => {
    await verify(await issuer.token())
    now += 30_000
    for (const kid of ['a', 'b', 'c']) {
      const jwt = await issuer.token({}, { with: await newKey(kid) })
      expect(await verify(jwt)).toEqual({ problem: expect.stringMatching(/ERR_JWKS_NO_MATCHING_KEY/) })
    }
    expect(issuer.asked).toHaveLength(4)
  })

  it('count no more when the issuer has taken them back, ten minutes later at the latest', async () => {
    const stolen = await issuer.token({ exp: seconds(3600) })
    await verify(stolen)
    await issuer.rotate()
    now += 600_001
    expect(await verify(stolen)).toHaveProperty('problem')
  })

  it('go on to be used for a day while the issuer is away', async () => {
    const jwt = await issuer.token({ exp: seconds(100 * 3600) })
    await verify(jwt)
    issuer.answer = (_, response) => void response.writeHead(500).end()
    now += 23 * 3_600_000
    expect(await verify(jwt)).toEqual(right)
    now += 3_600_001
    await expect(verify(jwt)).rejects.toThrow(IssuerAwayError)
  })

  it('leave an unknown key undecided while the issuer is away', async () => {
    await verify(await issuer.token())
    const key = await issuer.rotate()
    issuer.answer = (_, response) => void response.destroy()
    now += 30_000
    await expect(verify(await issuer.token({}, { with: key }))).rejects.toThrow(IssuerAwayError)
  })

  it('are asked for again 5 s after that has failed, and not sooner', async () => {
    issuer.answer = (_, response) => void response.writeHead(503).end()
    const jwt = await issuer.token()
    await expect(verify(jwt)).rejects.toThrow(/keys of http.* cannot be had \(.* answers 503\)/)
    issuer.answer = undefined
    now += 4999
    await expect(verify(jwt)).rejects.toThrow(IssuerAwayError)
    expect(issuer.asked).toHaveLength(1)
    now += 1
    expect(await verify(jwt)).toEqual(right)
  })

  it.each<[string, (right: object) => unknown]>([
    ['is no JSON', () => '<html>'],
    ['is too long', (right) => JSON.stringify(right) + ' '.repeat(300_000)],
    ['speaks for another issuer', (right) => ({ ...right, issuer: 'https://other.example' })],
    [
      'names keys without TLS',
      (right) => ({ ...right, jwks_uri: `${issuer.url.replace('127.0.0.1', '0.0.0.0')}/keys` }),
    ],
    ['names keys in a file', (right) => ({ ...right, jwks_uri: 'file:///etc/passwd' })],
    ['names no keys', (right) => ({ ...right, jwks_uri: undefined })],
  ])('cannot be had when what the issuer says of itself %s', async (_, answer) => {
    const { publicJwk } = await issuer.rotate()
    issuer.answer = ({ url }, response) => {
      const body = url === '/keys' ? { keys: [publicJwk] } : answer(discovery(issuer))
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    }
    await expect(verify(await issuer.token())).rejects.toThrow(IssuerAwayError)
    expect(issuer.asked).not.toContain('/keys')
  })

  it.each<[string, unknown]>([
    ['there are none', {}],
    ['they are none', { keys: ['x'] }],
    ['one is spoilt', { keys: [{ kty: 'EC', crv: 'P-256', kid: 'first', x: 'AQAB', y: 'AQAB' }] }],
  ])('cannot be had when %s', async (_, keys) => {
    issuer.answer = ({ url }, response) =>
      void response.end(JSON.stringify(url === '/keys' ? keys : discovery(issuer)))
    await expect(verify(await issuer.token())).rejects.toThrow(IssuerAwayError)
  })

  it('are not looked for elsewhere', async () => {
    const other = await startIssuer()
    issuer.answer = ({ url }, response) => void response.writeHead(302, { Location: other.url + url }).end()
    await expect(verify(await issuer.token())).rejects.toThrow(IssuerAwayError)
    expect(other.asked).toEqual([])
    await other.stop()
  })
})

it('reads whose token it claims to be, without believing it', async () => {
  expect(saidBy(await issuer.token({ exp: 17 }))).toEqual({ issuer: issuer.url, expiresAtMs: 17_000 })
  expect(['a.b.c', '', '...', 'e30.e30.e30'].map(saidBy)).toEqual([{}, {}, {}, {}])
  expect(saidBy(`e30.${encode({ iss: 1, exp: 'x' })}.`)).toEqual({})
})

function discovery({ url }: TestIssuer) {
  return { issuer: url, jwks_uri: `${url}/keys` }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
