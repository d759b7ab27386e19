import {
  projectName,
  serviceName,
  type ProjectName,
  type ServiceName,
} from '@redeployster/shared/contract/service'
import type { ProjectLabels } from '../compose/project.ts'

/** A container as the engine lists it. */
export interface Container {
  readonly id: string
  readonly created: number
  /** The name it was made from; a bare ID once that name belongs to another image. */
  readonly image: string
  readonly imageId: string
  /** `running`, `exited` … */
  readonly state: string
  /** For people: `Up 3 minutes (healthy)`. */
  readonly status: string
  readonly labels: Readonly<Record<string, string>>
}

/** Which service a container says it belongs to; compose allows names that redeployster does not. */
export interface NamedService {
  readonly project: string
  readonly service: string
}

/** A service as its newest container shows it. */
export interface SeenService {
  readonly project: ProjectName
  readonly service: ServiceName
  readonly image: string
  readonly health: string
  readonly labels: Readonly<Record<string, string>>
  readonly location: ProjectLabels
}

const label = (name: string) => `com.docker.compose.${name}`

/** One service per project and name; containers of `docker compose run` and those of no compose project do not count. */
export function servicesFromContainers(containers: readonly Container[]): readonly SeenService[] {
  const seen = new Map<string, SeenService>()
  for (const container of [...containers].sort((a, b) => b.created - a.created)) {
    const service = toService(container)
    if (service === undefined) continue
    const key = `${service.project}/${service.service}`
    if (!seen.has(key)) seen.set(key, service)
  }
  return [...seen.values()]
}

/** Of a container, or of an event, which has the labels of its container. */
export function namedService(labels: Container['labels']): NamedService {
  return { project: labels[label('project')] ?? '', service: labels[label('service')] ?? '' }
}

function toService({ labels, image, state, status }: Container): SeenService | undefined {
  const named = namedService(labels)
  const project = projectName.safeParse(named.project)
  const service = serviceName.safeParse(named.service)
  if (!project.success || !service.success || isOneOff({ labels })) return undefined
  return {
    project: project.data,
    service: service.data,
    image,
    health: /\((healthy|unhealthy|health: starting)\)/.exec(status)?.[1] ?? state,
    labels,
    location: {
      project: project.data,
      workingDir: labels[label('project.working_dir')],
      configFiles: labels[label('project.config_files')],
      environmentFile: labels[label('project.environment_file')],
    },
  }
}

/** Whether `docker compose run` made it. */
export function isOneOff({ labels }: Pick<Container, 'labels'>): boolean {
  return labels[label('oneoff')] === 'True'
}
