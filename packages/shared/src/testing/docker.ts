import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe } from 'vitest'
import { engineOf } from './engines.ts'

export interface TestEngine {
  readonly dockerHost: string
  /** The stand-alone binary of Compose v2. */
  readonly compose: string
  readonly composeV1: string | undefined
}

/** The real engine that this test file uses. `fixture/busybox:1` is there, and nothing can be pulled. */
export function testEngine(): TestEngine {
  if (engine === undefined) throw new Error(missing)
  return engine
}

const missing =
  'The tests with a real engine need REDEPLOYSTER_TEST_DOCKER_HOST and REDEPLOYSTER_TEST_COMPOSE; script/test sets them'

let engine = findEngine(process.env)

function findEngine(env: NodeJS.ProcessEnv): TestEngine | undefined {
  const dockerHost = engineOf(env)
  const { REDEPLOYSTER_TEST_COMPOSE: compose } = env
  if (dockerHost && compose) {
    return { dockerHost, compose, composeV1: env.REDEPLOYSTER_TEST_COMPOSE_V1 || undefined }
  }
  if (env.CI === 'true') throw new Error(missing)
  process.stderr.write(`Skipped: ${missing}\n`)
  return undefined
}

/** From now on this test file has another engine: one of its own, which it may stop and kill. */
export function useEngine(dockerHost: string): void {
  engine = { ...testEngine(), dockerHost }
}

/** `describe` for tests with the engine: skipped where there is none, save in CI, where that is a failure. */
export function describeWithEngine(title: string, tests: () => void): void {
  const describeOrSkip = engine ? describe : describe.skip
  describeOrSkip(title, tests)
}

export interface TestProject {
  readonly name: string
  readonly directory: string
  /** Writes a file into the project's folder; a YAML file gets the anchor `*base`, an absolute name may lie elsewhere. */
  write(file: string, text: string): Promise<void>
  /** Runs `compose -p NAME …` in the project's folder. Resolves to its stdout, rejects with all that it printed. */
  compose(...words: readonly string[]): Promise<string>
  /** `up -d`, with further words if there are any. */
  up(...words: readonly string[]): Promise<void>
  /** `down`, as a person would type it. */
  down(): Promise<void>
}

export interface TestProjectOptions {
  /** `compose.yaml`; its services begin with `<<: *base`. */
  readonly yaml: string
  readonly name?: string
  /** The project's folder, inside a new temporary one. */
  readonly directory?: string
  /** What the operator's shell has besides `PATH` and `HOME`. */
  readonly env?: Readonly<Record<string, string>>
  /** Another compose than v2. */
  readonly command?: string
}

/** No network, since the engine has none, and an end at once: without an init, process 1 ignores SIGTERM for 10 s. */
const base =
  'x-base: &base { image: "fixture/busybox:1", command: sleep infinity, network_mode: none, init: true, stop_grace_period: 0s }\n'

const created: { readonly name: string; readonly temporary: string }[] = []

/** A compose project of the test's own. `removeProjects` forgets it, however the test ended. */
export async function createProject(options: TestProjectOptions): Promise<TestProject> {
  const { yaml, name = `rdt${randomBytes(5).toString('hex')}`, directory: folder = '.', env = {} } = options
  const { dockerHost, compose: v2 } = testEngine()
  // The real path, which is what compose writes into its labels.
  const temporary = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'rdt-')))
  created.push({ name, temporary })
  const directory = path.join(temporary, folder)
  await fs.mkdir(directory, { recursive: true })

  const project: TestProject = {
    name,
    directory,
    async write(file, text) {
      const whole = /\.ya?ml$/.test(file) ? base + outdent(text) : text
      await fs.writeFile(path.resolve(directory, file), whole)
    },
    compose: (...words) =>
      run(options.command ?? v2, ['-p', name, ...words], {
        cwd: directory,
        env: { ...own(), DOCKER_HOST: dockerHost, ...env },
      }),
    async up(...words) {
      await project.compose('up', '-d', ...words)
    },
    async down() {
      await project.compose('down')
    },
  }
  await project.write('compose.yaml', yaml)
  return project
}

/** Removes the containers and folders of all projects of this test file; for `afterAll` or `afterEach`. */
export async function removeProjects(): Promise<void> {
  for (const { name, temporary } of created.splice(0)) {
    const listed = await docker('ps', '-aq', '--filter', `label=com.docker.compose.project=${name}`)
    if (listed !== '') await docker('rm', '-f', '-v', ...listed.split('\n'))
    await fs.rm(temporary, { recursive: true, force: true })
  }
}

/** Runs the docker command on the engine. Resolves to its stdout, rejects with all that it printed. */
export async function docker(...words: readonly string[]): Promise<string> {
  return run('docker', words, { env: { ...own(), DOCKER_HOST: testEngine().dockerHost } })
}

interface RunOptions {
  readonly env: Record<string, string>
  readonly cwd?: string
}

async function run(file: string, words: readonly string[], options: RunOptions): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(file, words, options)
    return stdout.trim()
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string }
    throw new Error(
      `${path.basename(file)} ${words.join(' ')} failed (${String(code)}):\n${stdout}${stderr}`,
      {
        cause: error,
      },
    )
  }
}

function own(): Record<string, string> {
  const { PATH = '', HOME = '/' } = process.env
  return { PATH, HOME }
}

/** Takes the first line's indentation off every line, so that YAML can stand indented in a test. */
function outdent(text: string): string {
  const [, indentation = ''] = /^\n*( *)/.exec(text) ?? []
  return text.replaceAll(new RegExp(`^${indentation}`, 'gm'), '')
}
