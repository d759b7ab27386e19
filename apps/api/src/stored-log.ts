import type { JobRecord } from '@redeployster/shared/contract/job'
import type { LogReader } from '@redeployster/shared/log/log'
import type { TextWithExitCode } from './exit-code-trailer.ts'
import { exitCodeOf, goneText, toText } from './log-text.ts'

/** A log as far as it is stored now, from a line on; the verdict comes from the record when the log has expired. */
export async function* storedLog(
  { id, exitCode, reason }: Pick<JobRecord, 'id' | 'exitCode' | 'reason'>,
  from: number,
  log: LogReader,
): TextWithExitCode {
  for await (const event of log.read(id, from)) {
    yield toText(id, [event])
    const found = exitCodeOf([event])
    if (found !== undefined) return found
  }
  if (exitCode !== undefined) yield goneText({ id, reason }, exitCode)
  return exitCode
}
