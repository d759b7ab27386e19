import { isFinal, type JobRecord } from '@redeployster/shared/contract/job'
import { answerJson } from './answer-json.ts'
import { hostNameOf } from './choose-service.ts'
import { findJob } from './find-job.ts'
import { openingLine } from './opening-line.ts'
import type { Handler, Parts } from './parts.ts'
import { firstLine } from './queries.ts'
import { storedLog } from './stored-log.ts'
import { answerWithLog, streamLog } from './stream-log.ts'

/** `GET /jobs/:id` */
export function showJob(parts: Parts): Handler {
  return async (c) => {
    const job = await findJob(c, parts)
    return answerJson(c, toPublic(job), { headers: exitCodeHeader(job) })
  }
}

/** A record as the world may see it. */
export function toPublic(job: JobRecord) {
  const { tokenDigest: _, ...shown } = job
  return shown
}

/** `GET /jobs/:id/log`: the text so far, or with `?follow` all of it. */
export function showLog(parts: Parts): Handler {
  return async (c) => {
    const job = await findJob(c, parts)
    const from = firstLine(c.req.query('from'))
    parts.streams.hold(c.env.outgoing, job)
    if (c.req.query('follow') === undefined || isFinal(job)) {
      return answerWithLog(c, parts, job.id, () => storedLog(job, from, parts.log), exitCodeHeader(job))
    }
    const opening = openingLine(job, { hostName: hostNameOf(job, await parts.catalogue.hosts()) })
    return streamLog(c, parts, { job, from, opening })
  }
}

function exitCodeHeader({ exitCode }: JobRecord): Record<string, string> {
  return exitCode === undefined ? {} : { 'Exit-Code': String(exitCode) }
}
