import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTHeaderParameters } from 'jose'

export const publicUrl = 'https://deploy.example.com'

/** What a pipeline of `acme/shop` on `main` is given by GitHub. */
export const shopClaims = {
  sub: 'repo:acme/shop:environment:production',
  repository: 'acme/shop',
  ref: 'refs/heads/main',
  environment: 'production',
  run_id: '4711',
  actor: 'octocat',
}

export interface Signing {
  /** Which key; the newest one unless said otherwise. */
  readonly with?: IssuerKey
  readonly header?: Partial<JWTHeaderParameters>
}

export interface IssuerKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

/** A CI system that issues identity tokens, on the loopback. */
export interface TestIssuer {
  readonly url: string
  /** Paths that were asked for, in their order. */
  readonly asked: string[]
  /** Answers instead of it, once it is set. */
  answer: ((request: http.IncomingMessage, response: http.ServerResponse) => void) | undefined
  /** A token of this issuer for `publicUrl`, valid for five minutes, but for what is given; `undefined` takes a claim away. */
  token(claims?: Readonly<Record<string, unknown>>, signing?: Signing): Promise<string>
  /** Signs with a new key from now on; the old ones stay published if they are wanted. */
  rotate(keep?: 'keep'): Promise<IssuerKey>
  stop(): Promise<void>
}

export async function startIssuer(): Promise<TestIssuer> {
  const keys: IssuerKey[] = [await newKey('first')]
  const asked: string[] = []
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '')
    if (issuer.answer) return issuer.answer(request, response)
    const body =
      request.url === '/keys'
        ? { keys: keys.map(({ publicJwk }) => publicJwk) }
        : { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer: undefined,
    async token(claims = {}, signing = {}) {
      const key = signing.with ?? keys.at(-1)!
      const now = Math.floor(Date.now() / 1000)
      const all = {
        iss: issuer.url,
        aud: publicUrl,
        iat: now,
        nbf: now,
        exp: now + 300,
        ...shopClaims,
        ...claims,
      }
      return new SignJWT(all)
        .setProtectedHeader({ alg: key.publicJwk.alg ?? '', kid: key.kid, typ: 'JWT', ...signing.header })
        .sign(key.privateKey)
    },
    async rotate(keep) {
      if (!keep) keys.splice(0)
      const key = await newKey(`key-${keys.length}-${Date.now()}`)
      keys.push(key)
      return key
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return issuer
}

/** A key that no issuer has, until it publishes it. */
export async function newKey(kid: string, alg = 'ES256'): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}
