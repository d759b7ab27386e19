import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { z } from 'zod'
import { envSchema, isSecret, secretVariables, type Variable } from './env-schema.ts'
import { misspelt } from './misspelt.ts'

/** Every problem of the configuration in one message; the process exits with 78 (EX_CONFIG). */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    const title = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    super(`The configuration has ${title}:\n${problems.map((it) => `  ${it}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

export type Env = Readonly<z.infer<typeof envSchema>> & {
  readonly STATE_DIR: string
  readonly HOST_NAME: string
}

/** What a command asks of its environment, beyond that each variable which is set makes sense. */
export interface Demands<Needed extends Variable> {
  /** Variables that it cannot do without, each with a phrase that says why, or what to do. */
  readonly needs: Readonly<Record<Needed, string>>
  readonly writesState: boolean
}

type With<Needed extends Variable> = Env & { readonly [Name in Needed]: NonNullable<Env[Name]> }

/** Reads the configuration, or throws a `ConfigError` that names every problem and no secret. */
export function readEnv<Needed extends Variable = never>(
  source: NodeJS.ProcessEnv,
  demands?: Demands<Needed>,
): With<Needed> {
  const problems = [...misspelt(Object.keys(source))]
  const given = withFiles(source, problems)
  const parsed = envSchema.safeParse(given)
  for (const issue of parsed.error?.issues ?? []) {
    const variable = String(issue.path[0])
    problems.push(`${variable}: ${issue.message}${shown(variable, given)}`)
  }

  const missing = Object.entries<string>(demands?.needs ?? {}).filter(([name]) => isUnset(name, source))
  problems.push(...missing.map(([name, why]) => `${name}: ${why}`))

  const stateDir = given.STATE_DIR ?? defaultStateDir(given)
  if (demands?.writesState && !problems.some((it) => it.startsWith('STATE_DIR:'))) {
    problems.push(...unwritable(stateDir).map((why) => `STATE_DIR: ${why}`))
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  const complete = { ...parsed.data, STATE_DIR: stateDir, HOST_NAME: parsed.data.HOST_NAME ?? os.hostname() }
  return complete as With<Needed>
}

function isUnset(variable: string, source: NodeJS.ProcessEnv): boolean {
  return !source[variable] && !(isSecret(variable) && source[`${variable}_FILE`])
}

/** As one short line, whatever was in it. */
function shown(variable: string, given: NodeJS.ProcessEnv): string {
  return isSecret(variable) ? '' : ` (got ${JSON.stringify(given[variable]?.slice(0, 80))})`
}

/** Empty means unset. A secret may also stand in a file, named by `<VARIABLE>_FILE`. */
function withFiles(source: NodeJS.ProcessEnv, problems: string[]): NodeJS.ProcessEnv {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  for (const variable of secretVariables) {
    const file = given[`${variable}_FILE`]
    if (file === undefined) continue
    if (given[variable] !== undefined) problems.push(`${variable}: set it or ${variable}_FILE, not both`)
    try {
      const content = fs.readFileSync(file, 'utf8').trim()
      if (content === '') problems.push(`${variable}_FILE: ${JSON.stringify(file)} is empty`)
      else given[variable] = content
    } catch (error) {
      problems.push(`${variable}_FILE: cannot read ${JSON.stringify(file)} (${codeOf(error)})`)
    }
  }
  return given
}

function defaultStateDir(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/redeployster'
  const { XDG_STATE_HOME: stateHome, HOME: home } = env
  if (stateHome !== undefined && path.isAbsolute(stateHome)) return path.join(stateHome, 'redeployster')
  // A user without a home finds no folder here, and is told to set STATE_DIR.
  return path.join(home ?? '/nonexistent', '.local/state/redeployster')
}

/** Why nothing could be written below this folder, which need not be there yet. */
export function unwritable(folder: string): readonly string[] {
  let existing = folder
  while (!fs.existsSync(existing) && existing !== path.dirname(existing)) existing = path.dirname(existing)
  if (!fs.statSync(existing).isDirectory()) return [`${existing} is not a folder`]
  try {
    fs.accessSync(existing, fs.constants.W_OK | fs.constants.X_OK)
    return []
  } catch (error) {
    return [`cannot write to ${existing} (${codeOf(error)}); set it to a folder of this user`]
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
