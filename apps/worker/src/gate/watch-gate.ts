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
  type LaneCondition,
} from './judge.ts'

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

/** Looks at what a deploy has started until every container passes or one fails. Rejects on abort. */
export async function watchGate(
  docker: Docker,
  { project, service, lane }: Watched,
  before: readonly ContainerMark[],
  gate: Gate,
  signal: AbortSignal,
): Promise<GateEnd> {
  for (;;) {
    const judged = (await conditionsOf(docker, project, lane)).flatMap((container) => {
      const isNew = hasChanged(before, container, service)
      // How a dependency was before is no doing of this deploy.
      if (!isNew && container.service !== service) return []
      return [{ container, isNew, judgement: (isNew ? judge : judgeUnchanged)(container, Date.now(), gate) }]
    })
    for (const { container, judgement } of judged) {
      if (judgement.kind !== 'fail') continue
      const { exitCode } = judgement
      const whose = container.service === service ? '' : `its dependency ${container.service} does not work: `
      const reason = `${whose}${judgement.reason}`
      return { kind: 'failed', exitCode, reason, lastLines: await docker.lastLines(container.id, lastLines) }
    }
    if (judged.every(({ judgement }) => judgement.kind === 'pass'))
      return { kind: 'passed', count: judged.filter(({ isNew }) => isNew).length }
    await delay(againMs, undefined, { signal })
  }
}
