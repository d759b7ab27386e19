import type { Redis } from 'ioredis'
import type { JobId, JobRecord } from '../contract/job.ts'
import { keys } from '../redis/keys.ts'
import { orNothing } from '../redis/unreadable.ts'
import type { HistoryQuery, JobsReader } from './jobs.ts'
import { toRecord } from './redis-job-record.ts'

/** Ids are UUIDs of version 7, so their own order is the order of time. */
export function createJobsReader(redis: Redis): JobsReader {
  async function get(id: JobId) {
    return toRecord(await redis.hgetall(keys.job(id)))
  }

  /** The next ids behind `before`, newest first. */
  async function olderThan(before: string, { services }: HistoryQuery, count: number): Promise<JobId[]> {
    const indexes = services ? services.map(keys.serviceHistory) : [keys.history]
    const max = before === '' ? '+' : `(${before}`
    const found = await Promise.all(
      indexes.map((key) => redis.zrange(key, max, '-', 'BYLEX', 'REV', 'LIMIT', 0, count)),
    )
    return found.flat().sort().reverse().slice(0, count) as JobId[]
  }

  return {
    get,
    async list(query) {
      const records: JobRecord[] = []
      let before: string = query.before ?? ''
      const pageSize = isFiltered(query) ? Math.max(query.limit, leastFilteredPage) : query.limit
      while (records.length < query.limit) {
        const ids = await olderThan(before, query, pageSize)
        const page = await Promise.all(ids.map((id) => get(id).catch(orNothing)))
        for (const record of page) if (record && isAsked(record, query)) records.push(record)
        const last = ids.at(-1)
        if (ids.length < pageSize || last === undefined) break
        before = last
      }
      return records.slice(0, query.limit)
    },
  }
}

/** A rare state is looked for in pages of some size, however few jobs are wanted. */
const leastFilteredPage = 100

function isFiltered({ state, project, service }: HistoryQuery): boolean {
  return state !== undefined || project !== undefined || service !== undefined
}

function isAsked(record: JobRecord, { state, project, service }: HistoryQuery): boolean {
  return (
    (state === undefined || record.state === state) &&
    (project === undefined || record.project === project) &&
    (service === undefined || record.service === service)
  )
}
