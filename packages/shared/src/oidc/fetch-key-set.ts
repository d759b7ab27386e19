import type { JSONWebKeySet } from 'jose'
import { z } from 'zod'
import { isTrustworthyAddress } from '../contract/oidc-rule.ts'
import { tryJson } from '../redis/unreadable.ts'

export type FetchKeySet = (issuer: string) => Promise<JSONWebKeySet>

const discovery = z.object({ issuer: z.string(), jwks_uri: z.string() })
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) })

const mostMs = 5000
const mostBytes = 256 * 1024

/** The public keys of an issuer, found as OpenID Connect Discovery has it. */
export async function fetchKeySet(issuer: string): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(mostMs)
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const { issuer: named, jwks_uri: keysAt } = await fetchJson(address, discovery, signal)
  if (named !== issuer) throw new Error(`${address} speaks for another issuer`)
  const isAsSafe = isTrustworthyAddress(keysAt) && (keysAt.startsWith('https:') || issuer.startsWith('http:'))
  if (!isAsSafe) throw new Error(`${address} names keys at an address that is not safe`)
  return (await fetchJson(keysAt, keySet, signal)) as JSONWebKeySet
}

async function fetchJson<Schema extends z.ZodType>(
  address: string,
  schema: Schema,
  signal: AbortSignal,
): Promise<z.infer<Schema>> {
  const response = await fetch(address, {
    signal,
    redirect: 'error',
    headers: { accept: 'application/json' },
  })
  if (response.status !== 200) throw new Error(`${address} answers ${response.status}`)
  const value = tryJson(schema, await textOf(response, address))
  if (value === undefined) throw new Error(`${address} does not answer with what it should`)
  return value
}

async function textOf({ body }: Response, address: string): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body ?? []) {
    bytes += part.length
    if (bytes > mostBytes) throw new Error(`${address} sends too much`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
