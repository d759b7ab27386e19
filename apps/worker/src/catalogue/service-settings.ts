import { parseDuration } from '@redeployster/shared/contract/duration'
import type { PublishedRule } from '@redeployster/shared/contract/oidc-rule'
import { Token, type TokenHash } from '@redeployster/shared/contract/token'
import type { Problem } from '../compose/project.ts'
import { parseOidcLabel } from './oidc-label.ts'

export const pullPolicies = ['auto', 'always', 'missing', 'never'] as const
export type PullPolicy = (typeof pullPolicies)[number]

/** What the labels of a service ask of a deploy. */
export interface ServiceSettings {
  /** Hashes of the tokens that may deploy it; two while one is rotated. */
  readonly hashes: readonly TokenHash[]
  /** Whose identity tokens may deploy it. */
  readonly oidc?: PublishedRule | undefined
  readonly withDependencies: boolean
  readonly pull: PullPolicy
  /** How long a container may take to become healthy after its start period; 0: there is no gate. */
  readonly gateMs: number
  readonly rollback: boolean
  /** How long a deploy may take; the worker's own limit unless set. */
  readonly timeoutMs: number | undefined
}

const prefix = 'redeployster.'
const known: ReadonlySet<string> = new Set([
  'token',
  'token-sha256',
  'oidc',
  'pull',
  'gate',
  'rollback',
  'timeout',
  'deps',
])

type Labels = Readonly<Record<string, string>>

/** Services opt in by a label that says who may deploy them, even when its value is useless. */
export function isLabelled(labels: Labels): boolean {
  return ['token', 'token-sha256', 'oidc'].some((name) => labels[prefix + name] !== undefined)
}

/** Whether somebody meant us by any label, even by a misspelt one. */
export function hasOurLabel(labels: Labels): boolean {
  return Object.keys(labels).some((name) => name.startsWith(prefix))
}

/** `publicUrl` is the audience of identity tokens. */
export function readSettings(labels: Labels, publicUrl?: string): ServiceSettings | Problem {
  const ours = Object.keys(labels).filter((name) => name.startsWith(prefix))
  const unknown = ours.find((name) => !known.has(name.slice(prefix.length)))
  if (unknown !== undefined) {
    return {
      problem: `its label ${unknown} is unknown; known are ${[...known].map((it) => prefix + it).join(', ')}`,
    }
  }
  const hashes = readHashes(labels)
  if ('problem' in hashes) return hashes
  const read = {
    oidc: readOidc(labels, publicUrl),
    withDependencies: readBoolean(labels, 'deps', true),
    pull: readPull(labels),
    gateMs: readGate(labels),
    rollback: readBoolean(labels, 'rollback', false),
    timeoutMs: readTimeout(labels),
  }
  const problem = Object.values(read).find((value) => isProblem(value))
  return problem ?? { hashes, ...(read as Omit<ServiceSettings, 'hashes'>) }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'problem' in value
}

function useless(name: string, value: string, expected: string): Problem {
  return { problem: `its label ${prefix}${name} is "${value}"; write ${expected}` }
}

function readBoolean(labels: Labels, name: string, unset: boolean): boolean | Problem {
  const value = labels[prefix + name]
  if (value === undefined) return unset
  return value === 'true' || value === 'false' ? value === 'true' : useless(name, value, 'true or false')
}

function readPull(labels: Labels): PullPolicy | Problem {
  const value = labels[`${prefix}pull`] ?? 'auto'
  return pullPolicies.find((policy) => policy === value) ?? useless('pull', value, pullPolicies.join(', '))
}

const gateByDefaultMs = 60_000

function readGate(labels: Labels): number | Problem {
  const value = labels[`${prefix}gate`] ?? 'auto'
  if (value === 'auto') return gateByDefaultMs
  return value === 'none'
    ? 0
    : (parseDuration(value) ?? useless('gate', value, 'auto, none or a duration such as 90s'))
}

function readTimeout(labels: Labels): number | undefined | Problem {
  const value = labels[`${prefix}timeout`]
  if (value === undefined) return undefined
  return parseDuration(value) ?? useless('timeout', value, 'a duration such as 90s or 15m')
}

function readHashes(labels: Labels): readonly TokenHash[] | Problem {
  const token = labels[`${prefix}token`]
  if (token !== undefined) {
    // A bearer token cannot begin or end with a blank, nor hold a control character.
    if (token === '') return { problem: `its label ${prefix}token is empty; is its variable set?` }
    if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(token)) {
      return {
        problem: `its label ${prefix}token holds characters that cannot be sent; use letters and digits`,
      }
    }
  }
  const given = labels[`${prefix}token-sha256`]
  const digests = given === undefined ? [] : given.split(',').map((it) => it.trim().toLowerCase())
  if (!digests.every((it) => /^[0-9a-f]{64}$/.test(it))) {
    return {
      problem: `its label ${prefix}token-sha256 must hold SHA-256 digests in hex, separated by commas`,
    }
  }
  return [...(token === undefined ? [] : [new Token(token).hash]), ...(digests as TokenHash[])]
}

function readOidc(labels: Labels, audience: string | undefined): PublishedRule | undefined | Problem {
  const value = labels[`${prefix}oidc`]
  if (value === undefined) return undefined
  const rule = parseOidcLabel(value)
  if ('wrong' in rule) return { problem: `its label ${prefix}oidc ${rule.wrong}` }
  if (audience !== undefined) return { ...rule, audience }
  return {
    problem:
      `its label ${prefix}oidc needs PUBLIC_URL, the address of the API, which identity tokens are made for: ` +
      'set it for the worker',
  }
}

/** A token this short can be guessed; it is accepted, with a warning. */
export function hasWeakToken(labels: Labels): boolean {
  const token = labels[`${prefix}token`]
  return token !== undefined && token.length < 16
}

/** Whether the compose file sets the same labels of ours as the container carries. */
export function differingLabel(container: Labels, file: Labels): string | undefined {
  const names = new Set(
    [...Object.keys(container), ...Object.keys(file)].filter((it) => it.startsWith(prefix)),
  )
  return [...names].find((name) => container[name] !== file[name])
}
