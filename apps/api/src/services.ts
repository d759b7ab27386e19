import type { CatalogueEntry, HostInfo } from '@redeployster/shared/contract/catalogue-entry'
import { answerJson } from './answer-json.ts'
import { identify } from './authenticate.ts'
import { hostNameOf } from './choose-service.ts'
import { ownServices } from './history.ts'
import { toPublic } from './job.ts'
import type { Handler, Parts } from './parts.ts'

/** `GET /services`: what the token may deploy, and how it is. */
export function listServices(parts: Parts): Handler {
  return async (c) => {
    const caller = await identify(c.req.header('Authorization'), parts)
    const [own, hosts] = await Promise.all([ownServices(parts, caller), parts.catalogue.hosts()])
    const services = await Promise.all(own.map((entry) => toPublicService(parts, entry, hosts)))
    services.sort((a, b) => sortKey(a).localeCompare(sortKey(b)))
    return answerJson(c, { services })
  }
}

async function toPublicService({ jobs, freezes }: Parts, entry: CatalogueEntry, hosts: readonly HostInfo[]) {
  const { project, service, state, health, image } = entry
  const [[lastJob], freeze] = await Promise.all([
    jobs.list({ services: [entry], limit: 1 }),
    freezes.find(entry),
  ])
  return {
    project,
    service,
    host: hostNameOf(entry, hosts),
    state,
    health,
    image,
    ...(freeze && { freeze }),
    ...(lastJob && { lastJob: toPublic(lastJob) }),
  }
}

function sortKey({
  project,
  service,
  host,
}: Readonly<Record<'project' | 'service' | 'host', string>>): string {
  return [project, service, host].join('\n')
}
