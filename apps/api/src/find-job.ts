import { jobId, type JobRecord } from '@redeployster/shared/contract/job'
import type { Context } from 'hono'
import { identify, unauthorized } from './authenticate.ts'
import { noService, stillChecking } from './find-service.ts'
import type { ApiEnv, Parts } from './parts.ts'
import type { Wanted } from './recognize.ts'

/**
 * The job that the path names, if the caller may read it, or change it: that only the service's token of now may do,
 * while whoever asked for a job may read it even after a rotation, and while no worker is there.
 */
export async function findJob(c: Context<ApiEnv>, parts: Parts, wanted: Wanted = 'read'): Promise<JobRecord> {
  const { catalogue, jobs } = parts
  const caller = await identify(c.req.header('Authorization'), parts, wanted)
  const id = jobId.safeParse(c.req.param('id'))
  const record = await jobs.get(id.success ? id.data : noJob)
  const hasAsked = caller.mayDeploy(record ? [record.tokenDigest] : [])
  if (hasAsked && wanted === 'read' && record) return record

  const { entries, isComplete } = await catalogue.find(record?.service ?? noService)
  const service = entries.find(({ host, project }) => host === record?.host && project === record.project)
  if (caller.mayDeploy(service?.digests ?? []) && record && service) return record
  throw isComplete ? unauthorized() : stillChecking()
}

/** What is looked up in place of an id that cannot be one. */
const noJob = jobId.parse('00000000-0000-7000-8000-000000000000')
