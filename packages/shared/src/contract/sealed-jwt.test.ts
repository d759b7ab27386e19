import { describe, expect, it } from 'vitest'
import { requestOf } from '../testing/requests.ts'
import { newJobId } from './job.ts'
import { isSealedJwt, openJwt, sealJwt } from './sealed-jwt.ts'
import { hostId, projectName, serviceName } from './service.ts'

const secret = 'a secret of at least sixteen characters'
const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzaG9wIn0.c2lnbmF0dXJl'
const job = requestOf('shop/hello')
const sealed = { ...job, proof: sealJwt(secret, jwt, job) }

describe('a token that is sealed into a job', () => {
  it('opens with the same secret', () => {
    expect(openJwt(secret, sealed)).toBe(jwt)
  })

  it('cannot be read, nor be told from another sealing of the same token', () => {
    const bytes = Buffer.from(sealed.proof.slice(4), 'base64url').toString('latin1')
    for (const part of [jwt, ...jwt.split('.')]) {
      expect(sealed.proof).not.toContain(part)
      expect(bytes).not.toContain(part)
    }
    expect(sealJwt(secret, jwt, job)).not.toBe(sealed.proof)
  })

  it.each<[string, Partial<typeof job>]>([
    ['another job', { id: newJobId() }],
    ['another service', { service: serviceName.parse('other') }],
    ['another project', { project: projectName.parse('shop2') }],
    ['another host', { host: hostId.parse('BETA') }],
    ['a job with more time', { startBy: '2099-01-01T00:00:00.000Z' }],
    ['a job that was asked for at another time', { acceptedAt: '2020-01-01T00:00:00.000Z' }],
  ])('does not open in %s', (_, changed) => {
    expect(openJwt(secret, { ...sealed, ...changed })).toBeUndefined()
  })

  it('does not open with another secret', () => {
    expect(openJwt('another secret of sixteen characters', sealed)).toBeUndefined()
  })

  it('does not open when a bit of it is another', () => {
    const bytes = Buffer.from(sealed.proof.slice(4), 'base64url')
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(bytes.readUInt8(at) ^ 1, at)
      expect(openJwt(secret, { ...sealed, proof: `jwt.${changed.toString('base64url')}` })).toBeUndefined()
    }
  })

  it.each(['', 'jwt.', 'jwt.AAAA', 'proof', `jwt.${'x'.repeat(1024 ** 2)}`, jwt])(
    'is not anything: %.20s',
    (proof) => {
      expect(openJwt(secret, { ...job, proof })).toBeUndefined()
    },
  )

  it('is told from the proof of a token', () => {
    expect(isSealedJwt(sealed.proof)).toBe(true)
    expect(isSealedJwt('0'.repeat(64))).toBe(false)
  })
})
