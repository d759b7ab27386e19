import { notice } from '@redeployster/shared/contract/log-line'
import { printable } from '@redeployster/shared/contract/printable'
import type { Ending, Job } from './job.ts'

/** `shop/hello succeeded`, `shop/hello failed with exit code 18`. */
export function endingText({ state, exitCode }: Ending, job: Job | undefined): string {
  const code = exitCode === 0 ? '' : ` with exit code ${exitCode}`
  return printable(`${job ? nameOf(job) : 'The deploy'} ${said[state] ?? state}${code}`)
}

const said: Readonly<Record<string, string>> = {
  'timed-out': 'took too long and ended',
  cancelled: 'was cancelled and ended',
  interrupted: 'was interrupted and ended',
  expired: 'was not begun in time and ended',
  rejected: 'was rejected and ended',
}

/** The notice with the reason, unless the log had it; the worker writes it there itself, if there was one. */
export function unsaidReason({ reason }: Ending, recent: readonly string[]): string | undefined {
  if (reason === undefined) return undefined
  const line = printable(notice(reason))
  return recent.includes(line) ? undefined : line
}

/** A heartbeat that says only that time passes is for a clock to say, not for a log that is kept. */
export function isWorthKeeping(aside: string): boolean {
  return !/^redeployster: still (queued|running) \(\d+ s\)$/.test(aside)
}

/** `59 s`, `2 min 5 s`, `1 h 0 min`. */
export function tookText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** From the request to the verdict, as the record has it. */
export function jobTookMs({ acceptedAt, finishedAt }: Job): number | undefined {
  return finishedAt === undefined ? undefined : Date.parse(finishedAt) - Date.parse(acceptedAt)
}

export function nameOf({ project, service }: Pick<Job, 'project' | 'service'>): string {
  return `${project}/${service}`
}
