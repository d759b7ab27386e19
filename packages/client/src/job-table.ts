import { printable } from '@redeployster/shared/contract/printable'
import { columns } from './columns.ts'
import type { Job } from './job.ts'
import { roughly } from './roughly.ts'
import { jobTookMs, nameOf, tookText } from './words.ts'

export function jobTable(jobs: readonly Job[], now: Date): readonly string[] {
  if (jobs.length === 0) return ['There is no job yet.']
  const rows = jobs.map((job) => {
    const tookMs = jobTookMs(job)
    return [
      job.id,
      nameOf(job),
      job.exitCode === undefined || job.exitCode === 0 ? job.state : `${job.state} (${job.exitCode})`,
      `${roughly(now.getTime() - Date.parse(job.acceptedAt))} ago`,
      tookMs === undefined ? '-' : tookText(tookMs),
    ]
  })
  return columns([['JOB', 'SERVICE', 'STATE', 'ASKED FOR', 'TOOK'], ...rows].map((row) => row.map(printable)))
}
