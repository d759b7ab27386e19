import type { JobRequest } from '@redeployster/shared/contract/job'
import { newJobId } from '@redeployster/shared/contract/job'
import type { PublishedRule } from '@redeployster/shared/contract/oidc-rule'
import { sealJwt } from '@redeployster/shared/contract/sealed-jwt'
import { serviceName } from '@redeployster/shared/contract/service'
import { proofOf, Token } from '@redeployster/shared/contract/token'
import { createVerifier } from '@redeployster/shared/oidc/verifier'
import { newKey, publicUrl, startIssuer, type TestIssuer } from '@redeployster/shared/testing/issuer'
import { requestOf } from '@redeployster/shared/testing/requests'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { whyUnproven, type Proving } from './proof.ts'

const secret = 'a secret of at least sixteen characters'
const { hash } = new Token('dolphin')

let issuer: TestIssuer
let proving: Proving
beforeEach(async () => {
  issuer = await startIssuer()
  proving = { secret, adminHash: undefined, verifier: createVerifier() }
})
afterEach(() => issuer.stop())

function settings(...claims: [string, string][]) {
  const all: [string, string][] = claims.length > 0 ? claims : [['repository', 'acme/shop']]
  const oidc: PublishedRule = { issuer: issuer.url, audience: publicUrl, claims: all }
  return { hashes: [hash], oidc }
}

function asked(jwt: string, more: Partial<JobRequest> = {}): JobRequest {
  const job = requestOf('shop/hello', more)
  return { ...job, proof: sealJwt(secret, jwt, job) }
}

const why = async (request: JobRequest, of = settings()) => whyUnproven(request, of, proving)
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

describe('a job that was asked for with an identity token', () => {
  it('is believed, by the label as it is now', async () => {
    expect(await why(asked(await issuer.token()))).toBeUndefined()
  })

  it('may have waited longer than its token lives, but not when that had ended before', async () => {
    const jwt = await issuer.token({ nbf: inSeconds(-900), exp: inSeconds(-600) })
    expect(await why(asked(jwt, { acceptedAt: ago(700) }))).toBeUndefined()
    expect(await why(asked(jwt, { acceptedAt: ago(500) }))).toMatch('it has expired')
  })

  it('is not believed when it says that it has waited for more than an hour', async () => {
    const jwt = await issuer.token({ nbf: inSeconds(-9000), exp: inSeconds(-7000) })
    expect(await why(asked(jwt, { acceptedAt: ago(8000) }))).toMatch('it has expired')
  })

  it('nor when it says that it was asked for in time to come', async () => {
    const jwt = await issuer.token({ nbf: inSeconds(600), exp: inSeconds(900) })
    expect(await why(asked(jwt, { acceptedAt: ago(-700) }))).toMatch('nbf')
  })

  it.each<[string, (jwt: string) => JobRequest]>([
    ['under another id', (jwt) => ({ ...asked(jwt), id: newJobId() })],
    ['for another service', (jwt) => ({ ...asked(jwt), service: serviceName.parse('other') })],
    ['with more time', (jwt) => ({ ...asked(jwt), startBy: '2099-01-01T00:00:00Z' })],
    ['as if it were asked for later', (jwt) => ({ ...asked(jwt), acceptedAt: ago(-10) })],
    ['with the bare token', (jwt) => ({ ...asked(jwt), proof: `jwt.${jwt}` })],
    ['sealed with another secret', (jwt) => ({ ...asked(jwt), proof: sealJwt('other', jwt, asked(jwt)) })],
  ])('is not believed %s', async (_, forge) => {
    expect(await why(forge(await issuer.token()))).toBe('the identity token was not given for this job')
    expect(issuer.asked).toEqual([])
  })

  it.each<[string, [string, string][]]>([
    ['another value', [['repository', 'acme/other']]],
    [
      'one more claim',
      [
        ['repository', 'acme/shop'],
        ['ref_protected', 'true'],
      ],
    ],
  ])('is not believed when the label has %s by now', async (_, claims) => {
    expect(await why(asked(await issuer.token()), settings(...claims))).toMatch(/does not fulfil the label/)
  })

  it('is not believed when the label is gone, or made for another address', async () => {
    const request = asked(await issuer.token())
    expect(await why(request, { ...settings(), oidc: undefined as never })).toMatch(
      'no label redeployster.oidc any more',
    )
    const { oidc, ...rest } = settings()
    expect(await why(request, { ...rest, oidc: { ...oidc, audience: 'https://other.example.com' } })).toMatch(
      'aud',
    )
  })

  it('is not believed when an API has sealed what the issuer has not signed', async () => {
    const forged = await issuer.token({}, { with: await newKey('first') })
    expect(await why(asked(forged))).toMatch('ERR_JWS_SIGNATURE')
  })

  it('is not begun while nobody knows: the issuer is away', async () => {
    const request = asked(await issuer.token())
    issuer.answer = (_, response) => void response.writeHead(500).end()
    expect(await why(request)).toMatch(/cannot be had .* deploy again when they can$/)
  })
})

it('believes the token of the service beside a rule, and the admin', async () => {
  const request = requestOf('shop/hello')
  const { hash: adminHash } = new Token('the administrator')
  expect(await why({ ...request, proof: proofOf(hash, request) })).toBeUndefined()
  proving = { ...proving, adminHash }
  expect(await why({ ...request, proof: proofOf(adminHash, request) })).toBeUndefined()
  expect(await why(request)).toMatch('does not prove')
})
