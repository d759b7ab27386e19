import type { Logger } from '@redeployster/shared/runtime/logger'
import fs from 'node:fs/promises'
import path from 'node:path'
import {
  clearAway,
  jobDirectory,
  jobsIn,
  removed,
  requestOf,
  stepNames,
  type JobDirectory,
} from './job-directory.ts'
import { isStarted } from './runner/run-step.ts'
import { readWhole } from './whole-file.ts'

/**
 * The jobs that earlier workers left unfinished, oldest first. A folder without a request, of a worker that was killed
 * as it made it, has not begun: it is cleared away, since nobody else may ever ask for that job.
 */
export async function leftJobDirectories(stateDir: string, logger: Logger): Promise<readonly JobDirectory[]> {
  await fs.mkdir(jobsIn(stateDir), { recursive: true, mode: 0o700 })
  const names = (await fs.readdir(jobsIn(stateDir))).sort()
  const found = await Promise.all(
    names.map(async (name) => {
      const folder = path.join(jobsIn(stateDir), name)
      if (name.endsWith(removed)) return clearAway(folder)
      const request = await readWhole(path.join(folder, 'request.json'), requestOf(name), logger)
      if (request) return jobDirectory(folder, request, logger, { isNew: false })
      // One whose request a power cut has emptied stays for the job that is still on its queue.
      const started = await Promise.all(stepNames.map((step) => isStarted(path.join(folder, step))))
      return started.includes(true) ? undefined : clearAway(folder)
    }),
  )
  return found.filter((directory) => directory !== undefined)
}
