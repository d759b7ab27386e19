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

/** What a service's files set, as far as the catalogue has to know it. */
export type Labelled = Pick<ResolvedService, 'labels'>

const service = z.looseObject({
  labels: z.record(z.string(), z.string()).nullish(),
  image: z.string().optional(),
  build: z.unknown().optional(),
  pull_policy: z.string().optional(),
})
/** A map, since a service may be called `__proto__`. */
const config = z.object({
  services: z.unknown().transform(toMap).pipe(z.map(z.string(), service)),
})

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

/** The labels of all services that compose shows for a project, by one question. */
export async function readProjectLabels(
  run: RunCompose,
  compose: Argv,
  project: ComposeProject,
): Promise<ReadonlyMap<string, Labelled> | ConfigFailure> {
  const { exitCode, stdout, stderr } = await run(projectConfigCommand(compose, project))
  if (exitCode !== 0) return { exitCode, output: withoutValues(stderr) }
  const { services } = config.parse(JSON.parse(stdout))
  return new Map([...services].map(([name, found]) => [name, { labels: labelsOf(found) }]))
}

async function resolveService(
  run: RunCompose,
  compose: Argv,
  project: ComposeProject,
  name: ServiceName,
  { withDependencies }: Reach,
): Promise<ResolvedService | ConfigFailure> {
  const filled = await run(configCommand(compose, project, name))
  if (filled.exitCode !== 0) return { exitCode: filled.exitCode, output: withoutValues(filled.stderr) }
  const parsed: unknown = JSON.parse(filled.stdout)
  const { services } = config.parse(parsed)
  const own = services.get(name)
  const lane = withDependencies ? services : new Map([[name as string, own]])
  const readRaw = () => run(rawConfigCommand(compose, project))
  return {
    lane: [...lane.keys()],
    labels: labelsOf(own),
    image: own?.image ?? `${project.name}-${name}`,
    isBuilt: own?.build !== undefined,
    buildsEachTime: [...lane.values()].some((it) => it?.pull_policy === 'build'),
    unset: await unsetOfLane(readRaw, Object.fromEntries(lane), unsetVariables(filled.stderr)),
    secrets: secretsOf(parsed),
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
