import { isFinal, type JobRecord } from '@redeployster/shared/contract/job'
import type { Context } from 'hono'
import { answerJson } from './answer-json.ts'
import { hostNameOf } from './choose-service.ts'
import { findJob } from './find-job.ts'
import { awaitVerdict, hold } from './hold.ts'
import { logEvents, wantsEvents } from './log-events.ts'
import { logText } from './log-text.ts'
import { openingLine } from './opening-line.ts'
import type { ApiEnv, Handler, Parts } from './parts.ts'
import { firstLine, lineAfter, secondsToWait } from './queries.ts'
import { storedLog } from './stored-log.ts'
import { answerWithLog, streamLog } from './stream-log.ts'

/** `GET /jobs/:id`: how the job is, at once or with `?wait=N` as soon as it has its verdict. */
export function showJob(parts: Parts): Handler {
  return async (c) => {
    const found = await findJob(c, parts)
    const seconds = secondsToWait(c.req.query('wait'))
    const job = isFinal(found) || seconds === 0 ? found : await afterSeconds(c, parts, found, seconds)
    return answerJson(c, toPublic(job), { headers: exitCodeHeader(job) })
  }
}

async function afterSeconds(
  c: Context<ApiEnv>,
  parts: Parts,
  job: JobRecord,
  seconds: number,
): Promise<JobRecord> {
  parts.streams.hold(c.env.outgoing, job)
  const held = hold(c.env.outgoing, seconds * 1000, parts)
  await awaitVerdict(job, parts, held.isDue).finally(held.release)
  return (await parts.jobs.get(job.id)) ?? job
}

/** A record as the world may see it. */
export function toPublic(job: JobRecord) {
  const { tokenDigest: _, ...shown } = job
  return shown
}

/** `GET /jobs/:id/log`: the text so far; with `?follow`, or as server-sent events, all of it. */
export function showLog(parts: Parts): Handler {
  return async (c) => {
    const job = await findJob(c, parts)
    const form = wantsEvents(c.req.header('Accept')) ? logEvents : logText
    const isFollowed = form === logEvents || c.req.query('follow') !== undefined
    // What the client has seen goes before the address: a browser that comes back asks for the same address again.
    const seen = form === logEvents ? lineAfter(c.req.header('Last-Event-ID')) : undefined
    const wanted = { job, form, from: seen ?? firstLine(c.req.query('from')) }
    parts.streams.hold(c.env.outgoing, job)
    if (!isFollowed || isFinal(job)) {
      return answerWithLog(c, parts, wanted, () => storedLog(wanted, parts.log), {
        headers: exitCodeHeader(job),
      })
    }
    const opening = openingLine(job, { hostName: hostNameOf(job, await parts.catalogue.hosts()) })
    return streamLog(c, parts, { ...wanted, opening })
  }
}

/** Of a job that has its verdict. */
export function exitCodeHeader({ exitCode }: Pick<JobRecord, 'exitCode'>): Record<string, string> {
  return exitCode === undefined ? {} : { 'Exit-Code': String(exitCode) }
}
