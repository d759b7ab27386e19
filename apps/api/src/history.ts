import type { CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import { answerJson } from './answer-json.ts'
import { identify, unauthorized, type Caller } from './authenticate.ts'
import { stillChecking } from './find-service.ts'
import { toPublic } from './job.ts'
import type { Handler, Parts } from './parts.ts'
import { historyFilters } from './queries.ts'

/** `GET /jobs`: what the token may see, newest first. */
export function listJobs(parts: Parts): Handler {
  return async (c) => {
    const caller = await identify(c.req.header('Authorization'), parts)
    // All jobs for the admin, also those of services that nobody remembers.
    const services = caller.isAdmin ? undefined : await ownServices(parts, caller)
    const { state, project, service, limit, before } = historyFilters(c.req.query())
    const found = await parts.jobs.list({
      limit: limit + 1,
      ...(services && { services }),
      ...(project !== undefined && { project }),
      ...(service !== undefined && { service }),
      ...(state && { state }),
      ...(before && { before }),
    })
    const jobs = found.slice(0, limit).map(toPublic)
    const last = found.length > limit ? jobs.at(-1) : undefined
    return answerJson(c, { jobs, ...(last && { next: next(c.req.query(), last.id) }) })
  }
}

/** The services that the caller's token deploys or did deploy until they vanished; at least one. */
export async function ownServices({ catalogue }: Parts, caller: Caller): Promise<readonly CatalogueEntry[]> {
  const { entries, isComplete } = await catalogue.all()
  const own = entries.filter(({ digests }) => caller.mayDeploy(digests))
  if (own.length === 0 && !caller.isAdmin) throw isComplete ? unauthorized() : stillChecking()
  return own
}

/** Where the next page is, relative like every address that we give. */
function next(query: Record<string, string>, before: string): string {
  return `/jobs?${new URLSearchParams({ ...query, before }).toString()}`
}
