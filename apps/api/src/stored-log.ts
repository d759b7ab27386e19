import type { JobRecord } from '@redeployster/shared/contract/job'
import type { LogReader } from '@redeployster/shared/log/log'
import type { TextWithExitCode } from './exit-code-trailer.ts'
import { exitCodeOf, type LogForm } from './log-form.ts'

interface Stored {
  readonly job: Pick<JobRecord, 'id' | 'state' | 'started' | 'exitCode' | 'reason'>
  /** Number of the first line wanted. */
  readonly from: number
  readonly form: LogForm
}

/** A log as far as it is stored now, from a line on; the verdict comes from the record when the log has expired. */
export async function* storedLog({ job, from, form }: Stored, log: LogReader): TextWithExitCode {
  for await (const event of log.read(job.id, from)) {
    yield form.show(job.id, [event])
    const found = exitCodeOf([event])
    if (found !== undefined) return found
  }
  const { exitCode } = job
  if (exitCode !== undefined) yield form.showGone({ ...job, exitCode })
  return exitCode
}
