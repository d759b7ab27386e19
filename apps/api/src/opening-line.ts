import { describeDeployer } from '@redeployster/shared/contract/deployer'
import type { JobId, JobRecord } from '@redeployster/shared/contract/job'
import { notice } from '@redeployster/shared/contract/log-line'
import { qualifiedName } from '@redeployster/shared/contract/service'

interface Circumstances {
  readonly hostName: string
  readonly hasJoined?: boolean
  readonly isConfirmed?: boolean
  /** A job of the same service that has to end first. */
  readonly runsFirst?: JobId | undefined
}

/**
 * The first line of every stream: which job it is, and why it may not start at once. Others choose some of its words,
 * and it is the last line of a stream that is cut right then, also in its midst: it must not look like a verdict.
 */
export function openingLine(
  job: Pick<JobRecord, 'id' | 'project' | 'service' | 'by'>,
  { hostName, hasJoined = false, isConfirmed = true, runsFirst }: Circumstances,
): string {
  const by = job.by ? ` for ${describeDeployer(job.by)}` : ''
  const joined = hasJoined ? '; shared with an earlier request' : ''
  const first = runsFirst ? `; after job ${runsFirst}` : ''
  const doubt = isConfirmed ? '' : '; Redis fell silent at that: the verdict will say whether it was started'
  const text = `job ${job.id} deploys ${qualifiedName(job)} on host ${hostName}${by}${joined}${first}${doubt}`
  return notice(text.replaceAll(/exit-code:/gi, 'exit-code'))
}
