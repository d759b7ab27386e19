import fs from 'node:fs/promises'
import type { Docker } from './catalogue/docker.ts'
import { servicesFromContainers, type SeenService } from './catalogue/services-from-containers.ts'

/** Docker mounts these three files from the container's folder, which has its ID as name. */
const mountOfDocker =
  /^\d+ \d+ \d+:\d+ \S*\/([0-9a-f]{64})\/(?:userdata\/)?(hostname|hosts|resolv\.conf) \/etc\/\2 /gm
const id = /\b[0-9a-f]{64}\b/g

/**
 * The container that we run in, by what the kernel shows of us (`/proc/self/mountinfo`, `/proc/self/cgroup`); nothing on
 * a host. Which of the IDs is a container's, the engine must say: with a view of our own of the control groups their
 * file names none, and a worker in a container may serve an engine that does not know this container.
 */
export function containerIds(mountinfo: string, cgroup: string): ReadonlySet<string> {
  const mounted = [...mountinfo.matchAll(mountOfDocker)].flatMap(([, found]) => found ?? [])
  return new Set([...mounted, ...(cgroup.match(id) ?? [])])
}

export async function ownContainerIds(): Promise<ReadonlySet<string>> {
  const [mountinfo, cgroup] = await Promise.all(
    ['mountinfo', 'cgroup'].map((file) => fs.readFile(`/proc/self/${file}`, 'utf8')),
  )
  return containerIds(mountinfo ?? '', cgroup ?? '')
}

/** The compose service whose container this worker, and with it every runner, lives in; nothing on a host. */
export async function ownService(
  docker: Pick<Docker, 'containers'>,
  ownIds: ReadonlySet<string>,
): Promise<SeenService | undefined> {
  if (ownIds.size === 0) return undefined
  const containers = await docker.containers()
  return servicesFromContainers(containers.filter((it) => ownIds.has(it.id)))[0]
}
