import path from 'node:path'
import type { Run } from './invariants.ts'
import { readLines, type Town } from './town.ts'

/** What the steps of all jobs have left. */
export interface Traces {
  readonly runs: readonly Run[]
  /** The jobs of which a runner or a compose was killed. */
  readonly struckJobs: readonly string[]
}

type TownInHindsight = Pick<Town, 'events'> & { readonly compose: Pick<Town['compose'], 'folder'> }

/** Reads what the runs of compose wrote down; an event's place is its number. */
export function tracesOf({ events, compose }: TownInHindsight): Traces {
  const runs = new Map<string, Run>()
  const struckJobs = new Set<string>()
  const all = events().map((event) => event.split(' '))
  // What compose has started may write that it begins when compose is dead already.
  const killed = new Set(all.flatMap(([kind, job, step]) => (kind === 'killed' ? [`${job}-${step}`] : [])))
  all.forEach(([kind, job = '', step = '', ...words], index) => {
    const name = `${job}-${step}`
    const run = runs.get(name)
    if (kind === 'begin') {
      const [project = '', service = '', version] = words
      const printed = readLines(path.join(compose.folder, `out-${name}`))
      // A second begin of the same step must not hide behind the first.
      runs.set(run ? `${name} again` : name, {
        job,
        step,
        project,
        service,
        version: Number(version),
        begunAt: index,
        isKilled: killed.has(name),
        printed,
      })
    } else if (kind === 'end') {
      if (run) runs.set(name, { ...run, endedAt: index, exitCode: Number(words[0]) })
    } else {
      struckJobs.add(job)
      if (run && kind === 'killed') runs.set(name, { ...run, endedAt: run.endedAt ?? index })
    }
  })
  return { runs: [...runs.values()], struckJobs: [...struckJobs] }
}
