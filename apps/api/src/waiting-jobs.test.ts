import { afterEach, beforeEach, expect, it } from 'vitest'
import { entry, limits, setStage, type Stage } from './testing/api.ts'
import { ask, open, parse } from './testing/http.ts'

const token = 'dolphin'

let stage: Stage
beforeEach(async () => {
  stage = await setStage({ limits: { ...limits, waitingJobs: 1 } })
  await stage.worker.publish([entry('shop/hello'), entry('shop/other')])
})
afterEach(() => stage.stop())

it('refuses a job beyond those that may wait, queues nothing, and says when to come back', async () => {
  const { port, worker } = stage
  const waiting = await open(port, 'POST /hello', { token })
  const refused = await ask(port, 'POST /other', { token, headers: { 'idempotency-key': 'run-17' } })
  expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  expect(parse(refused)).toMatchObject({ code: 'too_many_jobs' })
  await expect(worker.fetch('shop/other')).rejects.toThrow('No job')
  expect(await worker.jobs.list({ limit: 9, service: 'other' })).toEqual([])

  await worker.take('shop/hello')
  const accepted = await open(port, 'POST /other', { token, headers: { 'idempotency-key': 'run-17' } })
  expect(accepted.status).toBe(200)
  for (const answer of [waiting, accepted]) answer.leave()
})

it('has the place of a job again that was cancelled before it began', async () => {
  const { port } = stage
  const cancelled = await open(port, 'POST /hello', { token })
  expect((await ask(port, `DELETE /jobs/${String(cancelled.headers['job-id'])}`, { token })).status).toBe(202)
  const accepted = await open(port, 'POST /other', { token })
  expect(accepted.status).toBe(200)
  for (const answer of [cancelled, accepted]) answer.leave()
})

it('lets any number of requests share a job that waits', async () => {
  const { port, worker } = stage
  const answers = await Promise.all(Array.from({ length: 20 }, () => open(port, 'POST /hello', { token })))
  const job = await worker.take('shop/hello')
  expect(answers.map(({ headers }) => headers['job-id'])).toEqual(Array(20).fill(job.id))
  for (const answer of answers) answer.leave()
})
