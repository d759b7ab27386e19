import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'
import type { JobRequest } from './job.ts'

/** The secret of a service. It prints as `[token]`, so no log line can hold it by accident. */
export class Token {
  readonly #secret: string

  constructor(secret: string) {
    this.#secret = secret
  }

  /** SHA-256 in hex: what the label `redeployster.token-sha256` holds. */
  get hash(): TokenHash {
    return createHash('sha256').update(this.#secret).digest('hex') as TokenHash
  }

  /** It as a text, if it looks like an identity token (JWT): such a one is verified by what it says. */
  get jwt(): string | undefined {
    return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(this.#secret) ? this.#secret : undefined
  }

  toString() {
    return '[token]'
  }

  toJSON() {
    return '[token]'
  }

  [inspect.custom]() {
    return '[token]'
  }
}

/** Whoever holds it can prove knowledge of the token, so it never leaves the process that computed it. */
export type TokenHash = string & { readonly __brand: 'TokenHash' }

/** The keyed digest that alone is stored: without the secret it allows no guessing of weak tokens. */
export function tokenDigest(secret: string, hash: TokenHash): string {
  return createHmac('sha256', secret).update(hash).digest('hex')
}

type Proven = Pick<JobRequest, 'id' | 'host' | 'project' | 'service' | 'startBy'>

/** Binds a job to a token: neither Redis nor a broken API can make one without having seen the token. */
export function proofOf(hash: TokenHash, { id, host, project, service, startBy }: Proven): string {
  return createHmac('sha256', hash).update([id, host, project, service, startBy].join('\n')).digest('hex')
}

export function isProven(request: JobRequest, hashes: readonly TokenHash[]): boolean {
  return hashes.map((hash) => isSame(proofOf(hash, request), request.proof)).includes(true)
}

/** Compares two digests in constant time. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** The token of an `Authorization: Bearer …` header, or nothing. The scheme's case does not matter (RFC 9110). */
export function parseBearer(header: string | undefined): Token | undefined {
  const secret = /^bearer +(\S(?:.*\S)?) *$/i.exec(header ?? '')?.[1]
  return secret === undefined ? undefined : new Token(secret)
}
