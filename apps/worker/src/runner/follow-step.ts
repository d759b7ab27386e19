import type { Logger } from '@redeployster/shared/runtime/logger'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Argv } from '../compose/command.ts'
import type { StepName } from '../job-directory.ts'
import type { JobLog } from '../job-log.ts'
import { limitTime, type StopOrder } from '../stop-order.ts'
import { createFreeing } from './free-read.ts'
import { endOfStep, readExitCode, runStep, type StepEnd } from './run-step.ts'
import type { Run } from './runners.ts'
import { stopStep } from './stop-step.ts'
import { tail } from './tail.ts'

export interface Step {
  readonly name: StepName
  readonly folder: string
  readonly argv: Argv
  readonly timeoutMs: number
}

interface Following {
  readonly log: JobLog
  readonly stop: StopOrder
  readonly logger: Logger
}

export type FollowStep = (step: Step, following: Following) => Promise<StepEnd>

/** After the signal the log is left to the next worker. */
export function createFollowStep(run: Run, signal: AbortSignal): FollowStep {
  return async ({ name, folder, argv, timeoutMs }, { log, stop, logger }) => {
    const startedAtMs = await startOf(folder)
    // What has ended cannot take too long any more, however late an adopter comes.
    const hasEnded = startedAtMs !== undefined && (await readExitCode(folder)) !== undefined
    // Nothing that can fail stands between the start and the wait for the end.
    if (startedAtMs === undefined && signal.aborted) return 'not-started'
    const end = startedAtMs === undefined ? runStep(folder, argv, run) : endOfStep(folder)
    // Of what an earlier worker began only the wall clock can tell how long it has taken.
    const takenMs = startedAtMs === undefined ? 0 : Math.max(0, Date.now() - startedAtMs)
    const release = hasEnded ? () => {} : limit(folder, end, timeoutMs - takenMs, stop, logger)
    const out = path.join(folder, 'out')
    const free = createFreeing(out)
    try {
      for await (const { lines, offset } of tail(out, log.storedOffset(name), end)) {
        await log.lines(lines, { step: name, offset })
        // Not waited for: while Redis is away the deploy goes on, and what waits for it stays in the file.
        void log.drained().then(() => free(offset))
      }
    } catch (error) {
      // The step goes on, and its end decides; only what it printed is lost.
      if (!signal.aborted) logger.error({ err: error }, 'Cannot follow the output of a step')
    }
    return end.finally(release)
  }
}

/** Stops the step on order, or when its time is up. */
function limit(
  folder: string,
  end: Promise<StepEnd>,
  leftMs: number,
  stop: StopOrder,
  logger: Logger,
): () => void {
  const obey = () => {
    stopStep(folder, end).catch((error: unknown) => logger.error({ err: error }, 'Cannot stop a step'))
  }
  if (stop.signal.aborted) obey()
  else stop.signal.addEventListener('abort', obey, { once: true })
  const release = limitTime(stop, leftMs)
  return () => {
    release()
    stop.signal.removeEventListener('abort', obey)
  }
}

/** When the step was started, or nothing when it was not. */
async function startOf(folder: string): Promise<number | undefined> {
  try {
    return (await fs.stat(path.join(folder, 'started'))).mtimeMs
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`Cannot look at the step in ${folder}`, { cause: error })
  }
}
