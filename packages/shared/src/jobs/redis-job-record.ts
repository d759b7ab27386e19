import { deployer } from '../contract/deployer.ts'
import { jobRecord, type JobRecord, type JobRequest } from '../contract/job.ts'
import { keys } from '../redis/keys.ts'
import { readValue, tryJson } from '../redis/unreadable.ts'

const isNumber: ReadonlySet<string> = new Set(['exitCode', 'requests'])
const isBoolean: ReadonlySet<string> = new Set(['started', 'cancelAsked'])

/** A record as the words of `HSET`. */
export function toFields(request: JobRequest): string[] {
  const { proof: _, by, ...shown } = request
  const told = { ...shown, ...(by && { by: JSON.stringify(by) }) }
  return Object.entries({ ...told, state: 'queued', started: '0', requests: '1' }).flat()
}

export function toRecord(hash: Record<string, string>): JobRecord | undefined {
  if (hash.id === undefined) return undefined
  return readValue(
    keys.job(hash.id),
    jobRecord,
    Object.fromEntries(
      Object.entries(hash).map(([field, text]) => {
        if (isNumber.has(field)) return [field, Number(text)]
        if (field === 'by') return [field, tryJson(deployer, text)]
        return [field, isBoolean.has(field) ? text === '1' : text]
      }),
    ),
  )
}
