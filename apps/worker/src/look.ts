import type { JobRequest } from '@redeployster/shared/contract/job'
import { splitLines } from '@redeployster/shared/contract/log-line'
import { isProven, type TokenHash } from '@redeployster/shared/contract/token'
import type { ServiceName } from '@redeployster/shared/contract/service'
import { checkService, type CheckedService, type ServiceChecks } from './catalogue/check-service.ts'
import type { Docker } from './catalogue/docker.ts'
import { isLabelled } from './catalogue/service-settings.ts'
import { isOneOff, servicesFromContainers, type Container } from './catalogue/services-from-containers.ts'
import { pullCommand, rollbackCommand, upCommand } from './compose/command.ts'
import { conditionsOf } from './gate/watch-gate.ts'
import { imageDigest } from './images/image.ts'
import { shouldPull } from './images/should-pull.ts'
import type { Plan } from './job-directory.ts'

/** What a job may do, seen now. */
export type Look =
  | { readonly kind: 'ready'; readonly plan: Plan }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly exitCode: number; readonly output: readonly string[] }

export interface Looking extends ServiceChecks {
  readonly docker: Docker
  readonly adminHash: TokenHash | undefined
  /** How long a step may take when the service does not say. */
  readonly timeoutMs: number
}

/** Looks at Docker and the compose files as they are now: nothing in a job or in Redis is believed. */
export async function lookAtService(request: JobRequest, looking: Looking): Promise<Look> {
  const { project, service } = request
  const containers = await looking.docker.containers({ project, service }).catch(toReason)
  if (typeof containers === 'string') {
    return rejected(`the Docker engine does not answer (${containers}); deploy again when it does`)
  }
  const [seen] = servicesFromContainers(containers)
  if (seen === undefined) {
    return rejected('the service has no container any more; start it with `docker compose up -d` once')
  }
  if (!isLabelled(seen.labels)) return rejected('the service has no redeployster label any more')
  const checked = await checkService(seen, looking)
  if ('problem' in checked) return rejected(checked.problem)
  if ('exitCode' in checked) {
    const { lines: output } = splitLines(Buffer.from(checked.output.trim()), true)
    return { kind: 'unreadable', exitCode: checked.exitCode, output }
  }
  const { settings, project: composeProject, resolved } = checked
  const hashes = looking.adminHash ? [...settings.hashes, looking.adminHash] : settings.hashes
  if (!isProven(request, hashes)) {
    return rejected('the job does not prove knowledge of the token that the service has now')
  }
  const [unset] = resolved.unset
  if (unset !== undefined) {
    return rejected(
      `the variable ${unset} is not set: it was in the shell of whoever started the service. ` +
        `Write it to ${composeProject.envFiles.at(-1) ?? `${composeProject.directory}/.env`} (\`${unset}=\` is enough)`,
    )
  }
  return { kind: 'ready', plan: await makePlan(checked, service, containers, looking) }
}

async function makePlan(
  { settings, project, resolved }: CheckedService,
  service: ServiceName,
  containers: readonly Container[],
  { docker, compose, timeoutMs }: Looking,
): Promise<Plan> {
  const { image, isBuilt, lane } = resolved
  const imageId = newest(containers)?.imageId
  const [local, before, conditions] = await Promise.all([
    docker.image(image),
    imageId === undefined ? undefined : docker.image(imageId),
    conditionsOf(docker, { project: project.name, service }),
  ])
  return {
    lane: [...lane],
    ...(shouldPull(settings.pull, local, isBuilt) && { pull: [...pullCommand(compose, project, service)] }),
    up: [...upCommand(compose, project, service, settings)],
    ...(settings.rollback && { rollback: [...rollbackCommand(compose, project, service)] }),
    image,
    gateMs: settings.gateMs,
    timeoutMs: settings.timeoutMs ?? timeoutMs,
    before: {
      imageId,
      digest: before && imageDigest(before),
      containers: conditions.map(({ id, startedAtMs }) => ({ id, startedAtMs })),
    },
  }
}

function newest(containers: readonly Container[]): Container | undefined {
  return [...containers].sort((a, b) => b.created - a.created).find((it) => !isOneOff(it))
}

function rejected(reason: string): Look {
  return { kind: 'rejected', reason }
}

function toReason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
