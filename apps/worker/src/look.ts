import type { JobRequest } from '@redeployster/shared/contract/job'
import { splitLines } from '@redeployster/shared/contract/log-line'
import type { ServiceKey } from '@redeployster/shared/contract/service'
import { isDeepStrictEqual } from 'node:util'
import { checkService, type ServiceChecks } from './catalogue/check-service.ts'
import { isLabelled } from './catalogue/service-settings.ts'
import { servicesFromContainers, type Container } from './catalogue/services-from-containers.ts'
import type { Plan } from './job-directory.ts'
import { makePlan, type Planning } from './plan.ts'
import { whyUnproven, type Proving } from './proof.ts'
import { reasonOf } from './reason.ts'
import { standingOf } from './standing.ts'

/** What a job may do, seen now. */
export type Look =
  | { readonly kind: 'ready'; readonly plan: Plan; readonly secrets: readonly string[] }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly exitCode: number; readonly output: readonly string[] }

export interface Looking extends ServiceChecks, Planning, Proving {
  /** The containers of a service that were listed last, most likely still the same: they need not be waited for. */
  readonly expected: (of: ServiceKey) => readonly Container[]
}

/** Looks at Docker and the compose files as they are now: nothing in a job or in Redis is believed. */
export async function lookAtService(request: JobRequest, looking: Looking): Promise<Look> {
  const listing = looking.docker.containers(request).catch(reasonOf)
  const expected = looking.expected(request)
  const early = lookAt(expected, request, looking)
  early.catch(() => {
    // It counts only when it is awaited.
  })
  const containers = await listing
  if (typeof containers === 'string') {
    return rejected(`the Docker engine does not answer (${containers}); deploy again when it does`)
  }
  const isAsExpected = isDeepStrictEqual(containers.map(withoutState), expected.map(withoutState))
  return isAsExpected ? early : lookAt(containers, request, looking)
}

/** How they run is asked anew in any case. */
function withoutState({ id, created, image, imageId, labels }: Container) {
  return { id, created, image, imageId, labels }
}

async function lookAt(
  containers: readonly Container[],
  request: JobRequest,
  looking: Looking,
): Promise<Look> {
  const [seen] = servicesFromContainers(containers)
  if (seen === undefined) {
    return rejected('the service has no container any more; start it with `docker compose up -d` once')
  }
  if (!isLabelled(seen.labels)) return rejected('the service has no redeployster label any more')
  const [checked, standing] = await Promise.all([
    checkService(seen, looking),
    standingOf(looking.docker, containers),
  ])
  if ('problem' in checked) return rejected(checked.problem)
  if ('exitCode' in checked) {
    const { lines: output } = splitLines(Buffer.from(checked.output.trim()), true)
    return { kind: 'unreadable', exitCode: checked.exitCode, output }
  }
  const unproven = await whyUnproven(request, checked.settings, looking)
  if (unproven !== undefined) return rejected(unproven)
  const plan = await makePlan(checked, request.service, standing, looking)
  return 'problem' in plan
    ? rejected(plan.problem)
    : { kind: 'ready', plan, secrets: checked.resolved.secrets }
}

function rejected(reason: string): Look {
  return { kind: 'rejected', reason }
}
