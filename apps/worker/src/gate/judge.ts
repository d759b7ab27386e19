export type Health = 'starting' | 'healthy' | 'unhealthy'

/** What a container does at a moment. */
export interface ContainerCondition {
  readonly id: string
  readonly name: string
  /** `created`, `running`, `restarting`, `exited` … */
  readonly status: string
  readonly exitCode: number
  readonly startedAtMs: number
  readonly restarts: number
  /** Nothing when it has no healthcheck. */
  readonly health: Health | undefined
  readonly startPeriodMs: number
}

/** The same of a container that a deploy may touch. */
export interface LaneCondition extends ContainerCondition {
  readonly service: string
}

export type Judgement =
  | { readonly kind: 'pass' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'fail'; readonly exitCode: number; readonly reason: string }

export interface Gate {
  /** How long a container may take to become healthy after its start period. */
  readonly gateMs: number
  /** When compose ended. */
  readonly sinceMs: number
}

/** A container without a healthcheck has to run for this long. */
export const settleMs = 3000

const pass = { kind: 'pass' } as const
const wait = { kind: 'wait' } as const

function fail(reason: string, exitCode = 1): Judgement {
  return { kind: 'fail', exitCode, reason }
}

/** Whether a container that a deploy has started really works: "exit 0 of `up -d`" only says that it was started. */
export function judge(container: ContainerCondition, nowMs: number, { gateMs, sinceMs }: Gate): Judgement {
  const { name, status, exitCode, restarts, health, startedAtMs, startPeriodMs } = container
  if (restarts > 0 || status === 'restarting') {
    // While it runs again Docker shows 0, whatever it ended with.
    const code = exitCode === 0 ? '' : ` with exit code ${exitCode}`
    return fail(`${name} ends${code} and is restarted again and again`)
  }
  if (status === 'exited' || status === 'dead') {
    return exitCode === 0 && health === undefined
      ? pass
      : fail(`${name} ended with exit code ${exitCode}`, exitCode || 1)
  }
  if (status !== 'running') {
    return nowMs - sinceMs < gateMs ? wait : fail(`${name} is ${status} instead of running`)
  }
  if (health === undefined) return nowMs - startedAtMs >= Math.min(settleMs, gateMs) ? pass : wait
  if (health === 'healthy') return pass
  if (health === 'unhealthy') return fail(`${name} is unhealthy`)
  const mostMs = startPeriodMs + gateMs
  return nowMs - startedAtMs < mostMs
    ? wait
    : fail(`${name} did not become healthy within ${mostMs / 1000} s`)
}

/** A container as it was before a deploy. */
export interface ContainerMark {
  readonly id: string
  readonly startedAtMs: number
  readonly ran: boolean
}

/** Whether a deploy has made or started a container. */
export function hasChanged(before: readonly ContainerMark[], now: LaneCondition, service: string): boolean {
  const known = before.find(({ id }) => id === now.id)
  if (known === undefined) return true
  // One of a dependency that ran before may be started again by Docker, which is no doing of the deploy.
  return now.startedAtMs !== known.startedAtMs && (now.service === service || !known.ran)
}

/**
 * Judges a container of the service that the deploy left as it was: the second request after a deploy that failed must
 * not be green because there was nothing left to do. What Docker restarted long ago counts no more.
 */
export function judgeUnchanged(container: ContainerCondition, nowMs: number, gate: Gate): Judgement {
  return judge({ ...container, restarts: 0 }, nowMs, gate)
}

export function toMark({ id, startedAtMs, status }: ContainerCondition): ContainerMark {
  return { id, startedAtMs, ran: status === 'running' || status === 'restarting' }
}
