import { defaultDockerHost } from './catalogue/docker.ts'
import type { Argv } from './compose/command.ts'
import { composeEnvironment } from './compose/environment.ts'
import { findCompose, type FoundCompose } from './compose/find-compose.ts'
import { createRunCompose, type RunCompose } from './compose/run-compose.ts'
import { requireFlock } from './runner/require-flock.ts'

export interface ToolOptions {
  readonly dockerHost?: string
  readonly composeCommand?: readonly string[]
  /** Names of further variables that compose gets. */
  readonly passEnv: readonly string[]
  /** What compose's own environment is chosen from. */
  readonly env: NodeJS.ProcessEnv
}

/** The programs that deploys are made with. */
export interface Tools {
  readonly dockerHost: string
  /** Compose's whole environment. */
  readonly env: Readonly<Record<string, string>>
  readonly run: RunCompose
  readonly compose: FoundCompose
}

/** Rejects with a `ConfigError` when one of them is not there. */
export async function findTools({ composeCommand, passEnv, ...options }: ToolOptions): Promise<Tools> {
  const { dockerHost = defaultDockerHost } = options
  // Named, or compose would go by the `docker context` of the user, which may be another engine than the one we watch.
  const env = { ...composeEnvironment(options.env, passEnv), DOCKER_HOST: dockerHost }
  const run = createRunCompose(env)
  const [compose] = await Promise.all([
    findCompose(run, composeCommand as Argv | undefined, env),
    requireFlock(run),
  ])
  return { dockerHost, env, run, compose }
}
