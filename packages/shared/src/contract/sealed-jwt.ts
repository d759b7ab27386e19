import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { JobRequest } from './job.ts'

type Sealed = Pick<JobRequest, 'id' | 'host' | 'project' | 'service' | 'acceptedAt' | 'startBy'>

const prefix = 'jwt.'
const cipherName = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/**
 * The proof of a job that was asked for with an identity token: the token itself, since the worker verifies it again. Only
 * who has the secret can read it, and only in this job and with these dates does it open.
 */
export function sealJwt(secret: string, jwt: string, job: Sealed): string {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(cipherName, keyOf(secret), nonce).setAAD(bindingOf(job))
  const text = Buffer.concat([cipher.update(jwt, 'utf8'), cipher.final()])
  return prefix + Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')
}

/** Whether a proof claims to be a sealed token. */
export function isSealedJwt(proof: string): boolean {
  return proof.startsWith(prefix)
}

/** The token, or nothing when another secret or another job sealed it. */
export function openJwt(secret: string, job: Sealed & Pick<JobRequest, 'proof'>): string | undefined {
  const bytes = Buffer.from(job.proof.slice(prefix.length), 'base64url')
  if (!isSealedJwt(job.proof) || bytes.length < nonceBytes + tagBytes) return undefined
  const [nonce, tag] = [bytes.subarray(0, nonceBytes), bytes.subarray(nonceBytes, nonceBytes + tagBytes)]
  const decipher = createDecipheriv(cipherName, keyOf(secret), nonce, { authTagLength: tagBytes })
  decipher.setAAD(bindingOf(job)).setAuthTag(tag)
  try {
    return decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    // Its tag is not right: nothing that an API has made for this job.
    return undefined
  }
}

function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'redeployster: identity token in a job', 32))
}

function bindingOf({ id, host, project, service, acceptedAt, startBy }: Sealed): Buffer {
  return Buffer.from([id, host, project, service, acceptedAt, startBy].join('\n'))
}
