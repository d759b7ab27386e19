import type { ServiceKey } from '@redeployster/shared/contract/service'
import { setTimeout as delay } from 'node:timers/promises'
import type { Docker } from '../catalogue/docker.ts'
import { isOneOff } from '../catalogue/services-from-containers.ts'
import { changedContainers, judge, type ContainerCondition, type ContainerMark, type Gate } from './judge.ts'

/** How the gate ended: all containers passed, none had to, or one failed, with its last words. */
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

type Service = Pick<ServiceKey, 'project' | 'service'>

/** The service's containers as they are now, those of `compose run` left out. */
export async function conditionsOf(docker: Docker, service: Service): Promise<readonly ContainerCondition[]> {
  const containers = (await docker.containers(service)).filter((it) => !isOneOff(it))
  const conditions = await Promise.all(containers.map(({ id }) => docker.condition(id)))
  return conditions.filter((condition) => condition !== undefined)
}

/** Looks at what a deploy has started until every container passes or one fails. Rejects on abort. */
export async function watchGate(
  docker: Docker,
  service: Service,
  before: readonly ContainerMark[],
  gate: Gate,
  signal: AbortSignal,
): Promise<GateEnd> {
  for (;;) {
    const changed = changedContainers(before, await conditionsOf(docker, service))
    const judged = changed.map((container) => ({ container, judgement: judge(container, Date.now(), gate) }))
    for (const { container, judgement } of judged) {
      if (judgement.kind !== 'fail') continue
      const { exitCode, reason } = judgement
      return { kind: 'failed', exitCode, reason, lastLines: await docker.lastLines(container.id, lastLines) }
    }
    if (judged.every(({ judgement }) => judgement.kind === 'pass'))
      return { kind: 'passed', count: judged.length }
    await delay(againMs, undefined, { signal })
  }
}
