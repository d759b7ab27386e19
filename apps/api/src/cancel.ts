import { exitCode, isFinal, type Verdict } from '@redeployster/shared/contract/job'
import { RefusedError } from '@redeployster/shared/contract/errors'
import { answerJson } from './answer-json.ts'
import { findJob } from './find-job.ts'
import { toPublic } from './job.ts'
import type { Handler, Parts } from './parts.ts'

/** `DELETE /jobs/:id`: a job that has not begun ends at once, one that runs is asked to. All who share it get 130. */
export function cancelJob(parts: Parts): Handler {
  return async (c) => {
    const { jobs, queue } = parts
    const job = await findJob(c, parts, 'change')
    if (isFinal(job)) throw final(job.id)
    const isOver = await jobs.concludeUnbegun(job.id, cancelled)
    if (isOver) await queue.release(job)
    else if (!(await jobs.askCancel(job.id))) throw final(job.id)
    // Also when it is over: it may wait for its lane.
    await queue.cancel(job.host, job.id)
    return answerJson(c, toPublic((await jobs.get(job.id)) ?? job), { status: 202 })
  }
}

const cancelled: Verdict = {
  state: 'cancelled',
  exitCode: exitCode.cancelled,
  started: false,
  reason: 'the deploy was cancelled before it began; nothing was touched',
}

function final(id: string) {
  return new RefusedError('job_final', `Job ${id} has ended, so its verdict stays. Look at /jobs/${id}.`)
}
