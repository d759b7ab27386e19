import { ConfigError } from '@redeployster/shared/runtime/env'
import fs from 'node:fs'
import path from 'node:path'
import type { Argv } from './command.ts'
import type { RunCompose } from './run-compose.ts'

export interface FoundCompose {
  readonly command: Argv
  readonly version: string
}

const pluginFolders = [
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
]

/**
 * Where Compose v2 may be, the fastest first: the plugin's stand-alone binary answers in half the time that
 * `docker compose` takes, which has to find and start it.
 */
export function candidates(env: Readonly<Record<string, string>>): readonly Argv[] {
  const own = env.HOME === undefined ? [] : [path.join(env.HOME, '.docker/cli-plugins')]
  const plugins = [...own, ...pluginFolders].map((folder) => path.join(folder, 'docker-compose'))
  return [
    ...plugins.filter((file) => fs.existsSync(file)).map((file) => [file] as const),
    ['docker-compose'],
    ['docker', 'compose'],
  ]
}

/** The given command, or the first candidate that is Compose v2; throws a `ConfigError` that says what to install. */
export async function findCompose(
  run: RunCompose,
  given: Argv | undefined,
  env: Readonly<Record<string, string>>,
): Promise<FoundCompose> {
  const rejected: string[] = []
  for (const command of given ? [given] : candidates(env)) {
    const { exitCode, stdout, stderr } = await run([...command, 'version', '--short'])
    const version = stdout.trim().replace(/^v/, '')
    if (exitCode === 0 && Number.parseInt(version, 10) >= 2) return { command, version }
    if (exitCode === 0) rejected.push(`${command.join(' ')} is version ${version}`)
    else if (given) rejected.push(`${command.join(' ')} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`)
  }
  throw new ConfigError([noCompose(given, rejected)])
}

function noCompose(given: Argv | undefined, rejected: readonly string[]): string {
  const found = rejected.length > 0 ? ` (${rejected.join('; ')})` : ''
  if (given) return `COMPOSE_COMMAND: expected Docker Compose v2${found}`
  return (
    `Docker Compose v2 is not installed${found}. Install your distribution's docker-compose-plugin or ` +
    'docker-compose-v2, or set COMPOSE_COMMAND; stacks that v1 started can be deployed with v2.'
  )
}
