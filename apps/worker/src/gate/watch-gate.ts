import type { ServiceKey } from '@redeployster/shared/contract/service'
import { setTimeout as delay } from 'node:timers/promises'
import type { Docker } from '../catalogue/docker.ts'
import { isOneOff } from '../catalogue/services-from-containers.ts'
import {
  hasChanged,
  judge,
  judgeUnchanged,
  type ContainerMark,
  type Gate,
  type Judgement,
  type LaneCondition,
} from './judge.ts'
import { steadyNowMs, toSteadyMs } from '../steady-clock.ts'

/** How the gate ended: all containers passed, of which so many are new, or one failed, with its last words. */
export type GateEnd =
  | { readonly kind: 'passed'; readonly count: number }
  | {
      readonly kind: 'failed'
      readonly exitCode: number
      readonly reason: string
      readonly lastLines: readonly string[]
    }

const againMs = 200
const lastLines = 50

/** What a deploy may touch: a service and its dependencies. */
interface Watched extends Pick<ServiceKey, 'project' | 'service'> {
  readonly lane: readonly string[]
}

/** The containers of services as they are now, those of `compose run` left out. */
export async function conditionsOf(
  docker: Docker,
  project: string,
  services: readonly string[],
): Promise<readonly LaneCondition[]> {
  const found = await Promise.all(
    services.map(async (service) => {
      const containers = (await docker.containers({ project, service })).filter((it) => !isOneOff(it))
      const conditions = await Promise.all(containers.map(({ id }) => docker.condition(id)))
      return conditions.flatMap((condition) => (condition === undefined ? [] : [{ ...condition, service }]))
    }),
  )
  return found.flat()
}

interface Watching extends Gate {
  /** When the step began that has started the new containers. */
  readonly startMs: number
}

/** So long the engine may be away, as when it is restarted, before the gate gives up. */
const patienceMs = 60_000

/** Looks at what a deploy has started until every container passes or one fails. Rejects on abort. */
export async function watchGate(
  docker: Docker,
  watched: Watched,
  before: readonly ContainerMark[],
  watching: Watching,
  signal: AbortSignal,
): Promise<GateEnd> {
  const judgeNow = createJudging(watched, before, watching)
  for (let answeredMs = steadyNowMs(); ; await delay(againMs, undefined, { signal })) {
    try {
      const judged = judgeNow(await conditionsOf(docker, watched.project, watched.lane))
      const end = await endOf(judged, watched.service, docker)
      if (end) return end
      if (!isThere(judged, watched.service) && steadyNowMs() - watching.sinceMs >= watching.gateMs)
        return withoutContainer(watched.service)
      answeredMs = steadyNowMs()
    } catch (error) {
      if (signal.aborted || steadyNowMs() - answeredMs > patienceMs) throw error
    }
  }
}

interface Judged {
  readonly container: LaneCondition
  readonly isNew: boolean
  readonly judgement: Judgement
}

/** Judges what is there at a moment; it remembers how old each container was when it was first seen. */
export function createJudging(
  { service }: Watched,
  before: readonly ContainerMark[],
  { startMs, ...gate }: Watching,
): (containers: readonly LaneCondition[]) => readonly Judged[] {
  /** By container and start, when that was; set at the first look, since Docker's clock may be set afterwards. */
  const starts = new Map<string, number>()

  return (containers) =>
    containers.flatMap((container) => {
      const isNew = hasChanged(before, container, service)
      // How a dependency was before is no doing of this deploy.
      if (!isNew && container.service !== service) return []
      const nowMs = steadyNowMs()
      const key = `${container.id} ${container.startedAtMs}`
      const saidMs = toSteadyMs(container.startedAtMs)
      const startedAtMs = starts.get(key) ?? (isNew ? Math.max(saidMs, startMs) : saidMs)
      starts.set(key, startedAtMs)
      const judgement = (isNew ? judge : judgeUnchanged)({ ...container, startedAtMs }, nowMs, gate)
      return [{ container, isNew, judgement }]
    })
}

async function endOf(
  judged: readonly Judged[],
  service: string,
  docker: Docker,
): Promise<GateEnd | undefined> {
  for (const { container, judgement } of judged) {
    if (judgement.kind !== 'fail') continue
    const { exitCode } = judgement
    const whose = container.service === service ? '' : `its dependency ${container.service} does not work: `
    const reason = `${whose}${judgement.reason}`
    return { kind: 'failed', exitCode, reason, lastLines: await docker.lastLines(container.id, lastLines) }
  }
  if (!isThere(judged, service) || !judged.every(({ judgement }) => judgement.kind === 'pass'))
    return undefined
  return { kind: 'passed', count: judged.filter(({ isNew }) => isNew).length }
}

/** Whether there is a container of the service itself: without one nothing works, whatever its dependencies do. */
function isThere(judged: readonly Judged[], service: string): boolean {
  return judged.some(({ container }) => container.service === service)
}

function withoutContainer(service: string): GateEnd {
  const reason = `there is no container of ${service}: somebody has removed it, or the compose file asks for none`
  return { kind: 'failed', exitCode: 1, reason, lastLines: [] }
}
