import type { ServiceName } from '@redeployster/shared/contract/service'
import type { ComposeProject } from './project.ts'

/** A command as words, never as a string for a shell. */
export type Argv = readonly [string, ...string[]]

export interface Reach {
  readonly withDependencies: boolean
}

export interface UpOptions extends Reach {
  /** An image that is missing makes it fail, those of dependencies too. */
  readonly pullsNothing: boolean
}

/** The project is always named: without `-p` a missing folder would silently make a second project. */
function composeFor(compose: Argv, { name, directory, files, envFiles }: ComposeProject): Argv {
  return [
    ...compose,
    '--ansi=never',
    '--progress=plain',
    '-p',
    name,
    '--project-directory',
    directory,
    ...files.flatMap((file) => ['-f', file]),
    ...envFiles.flatMap((file) => ['--env-file', file]),
  ]
}

/** `--` stands before the service everywhere, because `--help` is a valid name for one. */
export function upCommand(
  compose: Argv,
  project: ComposeProject,
  service: ServiceName,
  { withDependencies, pullsNothing }: UpOptions,
): Argv {
  const flags = [...(withDependencies ? [] : ['--no-deps']), ...(pullsNothing ? ['--pull', 'never'] : [])]
  return [...composeFor(compose, project), 'up', '-d', ...flags, '--', service]
}

/** Fetches the service's image; those of its dependencies stay as they are. */
export function pullCommand(compose: Argv, project: ComposeProject, service: ServiceName): Argv {
  return [...composeFor(compose, project), 'pull', '--', service]
}

/** Back to an image that has the service's image name again; an extra `-f` would pin every later deploy. */
export function rollbackCommand(compose: Argv, project: ComposeProject, service: ServiceName): Argv {
  return [...composeFor(compose, project), 'up', '-d', '--no-deps', '--pull', 'never', '--', service]
}

/** Prints the service and all that a deploy of it may touch, with variables filled in. */
export function configCommand(compose: Argv, project: ComposeProject, service: ServiceName): Argv {
  return [...composeFor(compose, project), 'config', '--format', 'json', '--', service]
}

/** Prints all services of the project, but those of profiles that are off. */
export function projectConfigCommand(compose: Argv, project: ComposeProject): Argv {
  return [...composeFor(compose, project), 'config', '--format', 'json']
}

/** The same with `${VARIABLES}` as they are written; compose then ignores the service and prints all. */
export function rawConfigCommand(compose: Argv, project: ComposeProject): Argv {
  return [...composeFor(compose, project), 'config', '--no-interpolate', '--format', 'json']
}
