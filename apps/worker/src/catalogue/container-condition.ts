import type { ContainerCondition, Health } from '../gate/judge.ts'

/** What we read of the engine's answer. */
interface Inspected {
  readonly Id: string
  readonly Name: string
  readonly RestartCount: number
  readonly State: {
    readonly Status: string
    readonly ExitCode: number
    readonly StartedAt: string
    readonly Health?: { readonly Status: string } | undefined
  }
  readonly Config: { readonly Healthcheck?: { readonly StartPeriod?: number | undefined } | undefined }
}

const isHealth = (text: string | undefined): text is Health =>
  text === 'starting' || text === 'healthy' || text === 'unhealthy'

/** What the gate has to know of an inspected container. */
export function toCondition({ Id, Name, State, RestartCount, Config }: Inspected): ContainerCondition {
  const health = State.Health?.Status
  return {
    id: Id,
    name: Name.replace(/^\//, ''),
    status: State.Status,
    exitCode: State.ExitCode,
    startedAtMs: Date.parse(State.StartedAt),
    restarts: RestartCount,
    health: isHealth(health) ? health : undefined,
    // Docker counts in nanoseconds.
    startPeriodMs: (Config.Healthcheck?.StartPeriod ?? 0) / 1e6,
  }
}
