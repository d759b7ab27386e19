import { reservedNames } from '@redeployster/shared/contract/service'
import { fileOutside, locateProject, type ComposeProject, type Problem } from '../compose/project.ts'
import type { ConfigFailure, ResolvedService, ResolveService } from '../compose/resolve.ts'
import { differingLabel, readSettings, type ServiceSettings } from './service-settings.ts'
import type { SeenService } from './services-from-containers.ts'

export interface ServiceChecks {
  readonly resolve: ResolveService
  readonly projectRoots: readonly string[] | undefined
  /** The audience of identity tokens. */
  readonly publicUrl?: string | undefined
}

/** A service whose labels are really set by its compose file. */
export interface CheckedService {
  readonly settings: ServiceSettings
  readonly project: ComposeProject
  readonly resolved: ResolvedService
}

/** Labels are hints, not authority: anybody who starts a container or makes an image can set them. */
export async function checkService(
  seen: SeenService,
  { resolve, projectRoots, publicUrl }: ServiceChecks,
): Promise<CheckedService | Problem | ConfigFailure> {
  if (reservedNames.has(seen.project)) {
    return { problem: `its project is called ${seen.project}, which is a path of ours; rename the project` }
  }
  const settings = readSettings(seen.labels, publicUrl)
  if ('problem' in settings) return settings
  const project = locateProject(seen.location)
  if ('problem' in project) return project
  const outside = projectRoots && fileOutside(projectRoots, project)
  if (outside !== undefined) return { problem: `its file ${outside} is outside PROJECT_ROOTS` }
  const resolved = await resolve(project, seen.service, settings)
  if ('exitCode' in resolved) return resolved
  const differing = differingLabel(seen.labels, resolved.labels)
  if (differing !== undefined) {
    return {
      problem:
        `its container's label ${differing} is not the one that its compose file sets; ` +
        `run \`docker compose up -d -- ${seen.service}\` in ${project.directory} once`,
    }
  }
  return { settings, project, resolved }
}
