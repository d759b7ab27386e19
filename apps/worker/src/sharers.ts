import { eachAtOnce } from './catalogue/each-at-once.ts'
import type { Docker } from './catalogue/docker.ts'
import { isOneOff, type Container } from './catalogue/services-from-containers.ts'
import type { DeployPorts, Job } from './job.ts'

/**
 * Says who shares a namespace (`network_mode: service:vpn`, `pid`, `ipc`) with a container that the deploy has
 * replaced. Compose leaves the sharers outside of the lane as they are: they keep the namespace of the dead one.
 */
export async function saySharers({ request, directory, log, logger }: Job, { docker, signal }: DeployPorts) {
  try {
    if (!(await directory.hasStarted('up'))) return
    const before = (await directory.plan())?.before.containers ?? []
    const replaced = await replacedOf(docker, before)
    for (const name of replaced.size > 0 ? await sharersOf(docker, replaced, request.project) : []) {
      await log.notice(
        `${name} shares a namespace of a container that this deploy has replaced, and keeps the dead one: deploy it, too`,
      )
    }
  } catch (error) {
    // The verdict does not depend on it.
    if (!signal.aborted)
      logger.error({ err: error }, 'Cannot look for what shares namespaces with the service')
  }
}

/** The IDs of those that are not there any more. */
async function replacedOf(
  docker: Docker,
  before: readonly { readonly id: string }[],
): Promise<ReadonlySet<string>> {
  const conditions = await Promise.all(before.map(({ id }) => docker.condition(id)))
  return new Set(before.flatMap(({ id }, index) => (conditions[index] === undefined ? [id] : [])))
}

const asksAtOnce = 8

async function sharersOf(
  docker: Docker,
  ids: ReadonlySet<string>,
  project: string,
): Promise<readonly string[]> {
  const sharers = new Set<string>()
  const all = (await docker.containers('all')).filter((it) => !isOneOff(it))
  await eachAtOnce(asksAtOnce, all, async (container) => {
    const shared = await docker.sharedWith(container.id)
    if (shared.some((id) => ids.has(id))) sharers.add(nameOf(container, project))
  })
  return [...sharers].sort()
}

function nameOf({ id, image, labels }: Container, project: string): string {
  const [own, service] = [labels['com.docker.compose.project'], labels['com.docker.compose.service']]
  if (service === undefined) return `container ${id.slice(0, 12)} of ${image}`
  return own === project ? service : `${own}/${service}`
}
