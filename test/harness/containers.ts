import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { docker, testEngine, type TestProject } from '@redeployster/shared/testing/docker'
import { expect } from 'vitest'

/** A container as the engine shows it. */
export interface SeenContainer {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly startedAt: string
  readonly exitCode: number
  readonly env: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** The containers of a service, stopped ones too, but none of `compose run`. */
export async function containersOf(
  { name }: TestProject,
  service: string,
): Promise<readonly SeenContainer[]> {
  const filters = [`project=${name}`, `service=${service}`, 'oneoff=False']
  const words = filters.flatMap((filter) => ['--filter', `label=com.docker.compose.${filter}`])
  const listed = await docker('ps', '-aq', '--no-trunc', ...words)
  if (listed === '') return []
  const shown = JSON.parse(await docker('inspect', ...listed.split('\n'))) as Inspected[]
  return shown.map(({ Id, Name, State, Config }) => ({
    id: Id,
    name: Name.slice(1),
    status: State.Status,
    startedAt: State.StartedAt,
    exitCode: State.ExitCode,
    env: Config.Env,
    labels: Config.Labels,
  }))
}

interface Inspected {
  readonly Id: string
  readonly Name: string
  readonly State: { readonly Status: string; readonly StartedAt: string; readonly ExitCode: number }
  readonly Config: { readonly Env: readonly string[]; readonly Labels: Readonly<Record<string, string>> }
}

/** The value of a variable in a container. */
export function variable({ env }: SeenContainer, name: string): string | undefined {
  return env.find((it) => it.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** Fails unless all containers of the service are new ones, made from the files as they are now. */
export async function expectReplaced(
  project: TestProject,
  service: string,
  before: readonly SeenContainer[],
  flags: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<readonly SeenContainer[]> {
  const after = await containersOf(project, service)
  const old = before.map(({ id }) => id)
  expect(after).not.toEqual([])
  expect(after.filter(({ id }) => old.includes(id))).toEqual([])
  const hash = await hashOfFiles(project, service, flags, variables)
  expect(after.map(({ labels }) => labels['com.docker.compose.config-hash'])).toEqual(after.map(() => hash))
  return after
}

/**
 * The hash that Compose v2 makes of the service in the files as they are now, run with these flags in the project's
 * folder. Of the variables it has only these, not those of the shell that started the project.
 */
async function hashOfFiles(
  { name, directory }: TestProject,
  service: string,
  flags: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const { compose, dockerHost } = testEngine()
  const { PATH = '', HOME = '/' } = process.env
  const words = ['-p', name, ...flags, 'config', `--hash=${service}`]
  const options = { cwd: directory, env: { PATH, HOME, DOCKER_HOST: dockerHost, ...variables } }
  const { stdout } = await promisify(execFile)(compose, words, options)
  const [hash] = /[0-9a-f]{64}$/.exec(stdout.trim()) ?? []
  if (hash === undefined) throw new Error(`No hash of ${service} in: ${stdout}`)
  return hash
}
