import fs from 'node:fs/promises'
import path from 'node:path'
import type { Stage } from './stage.ts'

type StepName = 'pull' | 'up' | 'rollback'
type StepFile = 'started' | 'exit'

/** The files of a step in the folders of all jobs that are not over. */
async function stepFiles({ bench }: Stage, step: StepName, file: StepFile): Promise<readonly string[]> {
  const jobs = path.join(bench.stateDir, 'jobs')
  const files = (await fs.readdir(jobs)).map((job) => path.join(jobs, job, step, file))
  const found = await Promise.all(
    files.map((it) =>
      fs.stat(it).then(
        () => [it],
        () => [],
      ),
    ),
  )
  return found.flat()
}

export async function hasEnded(stage: Stage, step: StepName): Promise<boolean> {
  const exits = await stepFiles(stage, step, 'exit')
  const texts = await Promise.all(exits.map((file) => fs.readFile(file, 'utf8')))
  return texts.some((text) => text.trim() !== '')
}

/** As if a step had been started (and, with `exit`, had ended) earlier than it was. */
export async function backdate(
  stage: Stage,
  step: StepName,
  byMs: number,
  files: readonly StepFile[] = ['started'],
) {
  for (const file of files) {
    for (const found of await stepFiles(stage, step, file)) {
      const time = new Date((await fs.stat(found)).mtimeMs - byMs)
      await fs.utimes(found, time, time)
    }
  }
}

/** The process group of the one step that runs: its runner and what that has started. */
export async function stepGroup(stage: Stage, step: StepName): Promise<number> {
  const [file] = await stepFiles(stage, step, 'started')
  if (file === undefined) throw new Error(`No ${step} has started`)
  return Number(await fs.readFile(file, 'utf8'))
}
