import { Token, type TokenHash } from '@redeployster/shared/contract/token'
import type { Problem } from '../compose/project.ts'

/** What the labels of a service ask of a deploy. */
export interface ServiceSettings {
  /** Hashes of the tokens that may deploy it; two while one is rotated. */
  readonly hashes: readonly TokenHash[]
  readonly withDependencies: boolean
}

const prefix = 'redeployster.'
const known: ReadonlySet<string> = new Set(['token', 'token-sha256', 'deps'])

type Labels = Readonly<Record<string, string>>

/** Services opt in by one of the two token labels, even when its value is useless. */
export function isLabelled(labels: Labels): boolean {
  return labels[`${prefix}token`] !== undefined || labels[`${prefix}token-sha256`] !== undefined
}

export function readSettings(labels: Labels): ServiceSettings | Problem {
  const ours = Object.keys(labels).filter((name) => name.startsWith(prefix))
  const unknown = ours.find((name) => !known.has(name.slice(prefix.length)))
  if (unknown !== undefined) {
    return {
      problem: `its label ${unknown} is unknown; known are ${[...known].map((it) => prefix + it).join(', ')}`,
    }
  }
  const hashes = readHashes(labels)
  if ('problem' in hashes) return hashes
  const deps = labels[`${prefix}deps`] ?? 'true'
  if (deps !== 'true' && deps !== 'false') {
    return { problem: `its label ${prefix}deps is "${deps}"; write true or false` }
  }
  return { hashes, withDependencies: deps === 'true' }
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
