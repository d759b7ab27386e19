import type { ServiceName } from '@redeployster/shared/contract/service'
import { z } from 'zod'
import { configCommand, rawConfigCommand, type Argv } from './command.ts'
import type { ComposeProject } from './project.ts'
import type { RunCompose } from './run-compose.ts'
import { unsetVariables, usedVariables } from './variables.ts'

/** What the compose files say of a service now. */
export interface ResolvedService {
  /** The service itself and everything that a deploy of it may touch. */
  readonly lane: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** Variables that the lane uses and that are set nowhere: they were in the operator's shell. */
  readonly unset: readonly string[]
}

/** Compose could not read the files: its own words and exit code. */
export interface ConfigFailure {
  readonly exitCode: number
  readonly output: string
}

const config = z.object({
  services: z.record(z.string(), z.looseObject({ labels: z.record(z.string(), z.string()).nullish() })),
})

/** Not normalised: labels may be a list here, and a number a string. */
const rawConfig = z.object({ services: z.record(z.string(), z.unknown()) })

export async function resolveService(
  run: RunCompose,
  compose: Argv,
  project: ComposeProject,
  service: ServiceName,
): Promise<ResolvedService | ConfigFailure> {
  const filled = await run(configCommand(compose, project, service))
  if (filled.exitCode !== 0) return { exitCode: filled.exitCode, output: filled.stderr }
  const { services } = config.parse(JSON.parse(filled.stdout))
  const lane = Object.keys(services)
  return {
    lane,
    labels: mapValues(services[service]?.labels ?? {}, unescapeDollars),
    unset: await unsetOfLane(run, rawConfigCommand(compose, project), lane, unsetVariables(filled.stderr)),
  }
}

/** Compose warns for the whole file; only what the lane uses counts, and only then the second look is taken. */
async function unsetOfLane(
  run: RunCompose,
  command: Argv,
  lane: readonly string[],
  unset: ReadonlySet<string>,
) {
  if (unset.size === 0) return []
  const raw = await run(command)
  if (raw.exitCode !== 0) return [...unset]
  const { services } = rawConfig.parse(JSON.parse(raw.stdout))
  const used = usedVariables(lane.map((name) => services[name]))
  return [...unset].filter((name) => used.has(name))
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
