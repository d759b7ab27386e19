import type { ServiceName } from '@redeployster/shared/contract/service'
import type { Reach } from './command.ts'
import type { ComposeProject } from './project.ts'
import type { ConfigFailure, Labelled, ResolveService } from './resolve.ts'

type ReadLabels = (
  project: ComposeProject,
  name: ServiceName,
  reach: Reach,
) => Promise<Labelled | ConfigFailure>

/**
 * Asks once for all services of a project. `resolve` answers for a service that compose does not show by itself, since
 * its profile is off, and where one that nobody asks for keeps compose from reading the files.
 */
export function createReadLabels(
  readProject: (project: ComposeProject) => Promise<ReadonlyMap<string, Labelled> | ConfigFailure>,
  resolve: ResolveService,
): ReadLabels {
  const open = new Map<string, ReturnType<typeof readProject>>()

  function share(project: ComposeProject) {
    const key = JSON.stringify(project)
    const asked = open.get(key) ?? readProject(project).finally(() => open.delete(key))
    open.set(key, asked)
    return asked
  }

  return async (project, name, reach) => {
    const all = await share(project)
    const found = 'exitCode' in all ? undefined : all.get(name)
    return found ?? resolve(project, name, reach)
  }
}
