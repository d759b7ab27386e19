import type { Logger } from '@redeployster/shared/runtime/logger'
import path from 'node:path'
import type { Argv } from '../compose/command.ts'
import type { StepName } from '../job-directory.ts'
import type { JobLog } from '../job-log.ts'
import { endOfStep, isStarted, runStep, type StepEnd } from './run-step.ts'
import { tail } from './tail.ts'

export type FollowStep = (
  name: StepName,
  folder: string,
  argv: Argv,
  log: JobLog,
  logger: Logger,
) => Promise<StepEnd>

/** `env` is compose's whole environment. After the signal the log is left to the next worker. */
export function createFollowStep(env: Readonly<Record<string, string>>, signal: AbortSignal): FollowStep {
  return async (name, folder, argv, log, logger) => {
    const isAdopted = await isStarted(folder)
    const end = isAdopted ? endOfStep(folder) : runStep(folder, argv, env)
    try {
      for await (const { lines, offset } of tail(path.join(folder, 'out'), log.storedOffset(name), end)) {
        await log.lines(lines, { step: name, offset })
      }
    } catch (error) {
      // The step goes on, and its end decides; only what it printed is lost.
      if (!signal.aborted) logger.error({ err: error }, 'Cannot follow the output of a step')
    }
    return end
  }
}
