import type { ServiceName } from '@redeployster/shared/contract/service'
import type { CheckedService } from './catalogue/check-service.ts'
import type { Docker } from './catalogue/docker.ts'
import type { SeenService } from './catalogue/services-from-containers.ts'
import { configCommand, pullCommand, rollbackCommand, upCommand, type Argv } from './compose/command.ts'
import type { ComposeProject, Problem } from './compose/project.ts'
import { toMark } from './gate/judge.ts'
import { conditionsOf } from './gate/watch-gate.ts'
import { imageDigest } from './images/image.ts'
import { shouldPull } from './images/should-pull.ts'
import type { Plan } from './job-directory.ts'
import { ownService } from './own-container.ts'
import type { Standing } from './standing.ts'

export interface Planning {
  readonly docker: Docker
  readonly compose: Argv
  /** How long a deploy may take when the service does not say. */
  readonly timeoutMs: number
  /** The container that we run in. */
  readonly ownIds: ReadonlySet<string>
}

/** What a deploy of a checked service would run now, or why it cannot. */
export async function makePlan(
  checked: CheckedService,
  service: ServiceName,
  { container, conditions, before, named }: Standing,
  { docker, compose, timeoutMs, ownIds }: Planning,
): Promise<Plan | Problem> {
  const { settings, project, resolved } = checked
  const { image, isBuilt, buildsEachTime, lane, unset } = resolved
  const own = await ownService(docker, ownIds)
  if (own?.project === project.name && lane.includes(own.service)) return deadly(service, own, project)
  if (unset[0] !== undefined) return unsetVariable(unset[0], checked)
  // `--pull never` would also keep compose from building, and the old image would pass for the new one.
  const pullsNothing = settings.pull === 'never' && !buildsEachTime
  const others = [...lane].filter((it) => it !== service)
  const [local, conditionsOfOthers] = await Promise.all([
    image === container?.image ? named : docker.image(image),
    conditionsOf(docker, project.name, others),
  ])
  return {
    lane: [...lane],
    config: [...configCommand(compose, project, service)],
    ...(shouldPull(settings.pull, local, isBuilt)
      ? { pull: [...pullCommand(compose, project, service)] }
      : local && { local: { id: local.id, digests: [...local.digests] } }),
    up: [...upCommand(compose, project, service, { ...settings, pullsNothing })],
    ...(settings.rollback && { rollback: [...rollbackCommand(compose, project, service)] }),
    image,
    gateMs: settings.gateMs,
    timeoutMs: settings.timeoutMs ?? timeoutMs,
    before: {
      imageId: container?.imageId,
      digest: before && imageDigest(before, container?.image ?? image, image),
      containers: [...conditions, ...conditionsOfOthers].map(toMark),
    },
  }
}

/** A runner lives in the container of its worker: compose would be killed with it, between the old one and the new. */
function deadly(service: ServiceName, own: SeenService, { directory }: ComposeProject): Problem {
  const byHand = `run \`docker compose up -d -- ${service}\` in ${directory} by hand`
  return {
    problem:
      own.service === service
        ? `the worker runs in a container of this service, and compose would die with it half way: ${byHand}, ` +
          'or run the worker on the host'
        : `the worker runs in a container of ${own.service}, on which this service depends, and compose, which may ` +
          `replace that too, would die with it half way: label this service redeployster.deps=false, or ${byHand}`,
  }
}

function unsetVariable(name: string, { project }: CheckedService): Problem {
  return {
    problem:
      `the variable ${name} is not set: it was in the shell of whoever started the service. ` +
      `Write it to ${project.envFiles.at(-1) ?? `${project.directory}/.env`} (\`${name}=\` is enough)`,
  }
}
