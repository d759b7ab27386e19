import type { ServiceName } from '@redeployster/shared/contract/service'
import { z } from 'zod'
import { configCommand, projectConfigCommand, rawConfigCommand, type Argv, type Reach } from './command.ts'
import type { ComposeProject } from './project.ts'
import type { ComposeOutput, RunCompose } from './run-compose.ts'
import { secretsOf } from './secrets.ts'
import { unsetVariables, usedVariables } from './variables.ts'
import { withoutValues } from './without-values.ts'

/** What the compose files say of a service now. */
export interface ResolvedService {
  /** The service itself and, with its dependencies, everything that a deploy of it may touch. */
  readonly lane: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** The name of its image; what compose calls it when the file builds it and names none. */
  readonly image: string
  readonly isBuilt: boolean
  /** A service of the lane is built anew by each `up` (`pull_policy: build`). */
  readonly buildsEachTime: boolean
  /** Variables that the lane uses and that are set nowhere: they were in the operator's shell. */
  readonly unset: readonly string[]
  /** What must not be read in a log. */
  readonly secrets: readonly string[]
}

/** Compose could not read the files: its own words and exit code. */
export interface ConfigFailure {
  readonly exitCode: number
  readonly output: string
}

const service = z.looseObject({
  labels: z.record(z.string(), z.string()).nullish(),
  image: z.string().optional(),
  build: z.unknown().optional(),
  pull_policy: z.string().optional(),
  /** Compose adds those that it finds in `links`, `volumes_from` and shared namespaces. */
  depends_on: z.record(z.string(), z.unknown()).nullish(),
})
/** A map, since a service may be called `__proto__`. */
const config = z.looseObject({
  services: z.unknown().transform(toMap).pipe(z.map(z.string(), service)),
})

type Config = z.infer<typeof config>

function toMap(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : value
}

/** Looks up what the compose files say of a service. */
export type ResolveService = (
  project: ComposeProject,
  name: ServiceName,
  reach: Reach,
) => Promise<ResolvedService | ConfigFailure>

/** As it is written, labels may be a list, and a number a string. */
const section = z.record(z.string(), z.unknown()).default({})
const rawConfig = z.object({
  services: section,
  networks: section,
  volumes: section,
  configs: section,
  secrets: section,
})

export function createResolveService(run: RunCompose, compose: Argv): ResolveService {
  return (project, name, reach) => resolveService(run, compose, project, name, reach)
}

/** All services that compose shows for a project, by one question. */
export interface ReadProject {
  /** What compose says when it is asked for this service alone; nothing where only that question can tell. */
  service(name: ServiceName, reach: Reach): Promise<ResolvedService | undefined>
}

export async function readProject(
  run: RunCompose,
  compose: Argv,
  project: ComposeProject,
): Promise<ReadProject | ConfigFailure> {
  const filled = await run(projectConfigCommand(compose, project))
  if (filled.exitCode !== 0) return failureOf(filled)
  const parsed = parseConfig(filled.stdout)
  // Read now, while the files are those that compose has just read, and not when a deploy wants to know.
  const hasUnset = unsetVariables(filled.stderr).size > 0
  const raw = hasUnset ? await run(rawConfigCommand(compose, project)) : filled
  if (raw.exitCode !== 0) return failureOf(raw)
  return {
    async service(name, reach) {
      const services = withDependencies(name, parsed.services)
      if (services === undefined) return undefined
      return describe(project, name, reach, { ...parsed, services }, filled.stderr, async () => raw)
    },
  }
}

/** Nothing when one of them is not shown: its profile is off, and it depends on who is named whether compose adds it. */
function withDependencies(name: string, all: Config['services']): Config['services'] | undefined {
  const reached = new Set([name])
  for (const each of reached) {
    const found = all.get(each)
    if (found === undefined) return undefined
    for (const dependency of Object.keys(found.depends_on ?? {})) reached.add(dependency)
  }
  return new Map([...all].filter(([each]) => reached.has(each)))
}

async function resolveService(
  run: RunCompose,
  compose: Argv,
  project: ComposeProject,
  name: ServiceName,
  reach: Reach,
): Promise<ResolvedService | ConfigFailure> {
  const filled = await run(configCommand(compose, project, name))
  if (filled.exitCode !== 0) return failureOf(filled)
  const readRaw = () => run(rawConfigCommand(compose, project))
  return describe(project, name, reach, parseConfig(filled.stdout), filled.stderr, readRaw)
}

function failureOf({ exitCode, stderr }: ComposeOutput): ConfigFailure {
  return { exitCode, output: withoutValues(stderr) }
}

function parseConfig(stdout: string): Config {
  return config.parse(JSON.parse(stdout))
}

/** `services`: the service and all that it depends on. */
async function describe(
  project: ComposeProject,
  name: ServiceName,
  { withDependencies }: Reach,
  { services, ...others }: Config,
  warnings: string,
  readRaw: () => Promise<ComposeOutput>,
): Promise<ResolvedService> {
  const own = services.get(name)
  const lane = withDependencies ? services : new Map([[name as string, own]])
  return {
    lane: [...lane.keys()],
    labels: labelsOf(own),
    image: own?.image ?? `${project.name}-${name}`,
    isBuilt: own?.build !== undefined,
    buildsEachTime: [...lane.values()].some((it) => it?.pull_policy === 'build'),
    unset: await unsetOfLane(readRaw, Object.fromEntries(lane), unsetVariables(warnings)),
    secrets: secretsOf({ ...others, services: Object.fromEntries(services) }),
  }
}

/** The same secrets for a worker that goes on with a deploy: they are written down nowhere. None if compose fails. */
export async function readSecrets(run: RunCompose, command: Argv): Promise<readonly string[]> {
  const { exitCode, stdout } = await run(command)
  return exitCode === 0 ? secretsOf(JSON.parse(stdout)) : []
}

/** Compose warns for the whole file; only what the lane uses counts, and only then the second look is taken. */
async function unsetOfLane(
  readRaw: () => Promise<ComposeOutput>,
  lane: Readonly<Record<string, unknown>>,
  unset: ReadonlySet<string>,
): Promise<readonly string[]> {
  if (unset.size === 0) return []
  const raw = await readRaw()
  if (raw.exitCode !== 0) return [...unset]
  const { services, ...others } = rawConfig.parse(JSON.parse(raw.stdout))
  const used = usedVariables([
    Object.keys(lane).map((name) => services[name]),
    Object.values(others).map((all) => mentioned(all, JSON.stringify(lane))),
  ])
  return [...unset].filter((name) => used.has(name))
}

/** The volumes, networks and other things of a section that services use: their names stand in them somewhere. */
function mentioned(section: Readonly<Record<string, unknown>>, services: string): unknown[] {
  return Object.entries(section).flatMap(([name, value]) =>
    services.includes(JSON.stringify(name)) ? [value] : [],
  )
}

function labelsOf(found: z.infer<typeof service> | undefined): Readonly<Record<string, string>> {
  return mapValues(found?.labels ?? {}, unescapeDollars)
}

/** `config` prints a dollar sign as `$$`, so that its output can be read again. */
function unescapeDollars(text: string): string {
  return text.replaceAll('$$', '$')
}

function mapValues(
  record: Record<string, string>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
