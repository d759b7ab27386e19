import { Token } from '@redeployster/shared/contract/token'
import type { Jobs } from '@redeployster/shared/jobs/jobs'
import { createJobs } from '@redeployster/shared/jobs/redis-jobs'
import { createRequestQueue } from '@redeployster/shared/queue/bullmq-request-queue'
import type { Redis } from '@redeployster/shared/redis/connect'
import { openRedis, type OpenRedis } from '@redeployster/shared/testing/open-redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callerOf, createSecrets } from './authenticate.ts'
import { openingLine } from './opening-line.ts'
import type { Parts } from './parts.ts'
import { newRequest, requestJob } from './request-job.ts'
import { entry, secret, silent } from './testing/api.ts'

const service = entry('shop/hello')
const caller = callerOf(new Token('dolphin'), createSecrets(secret))

let opened: OpenRedis
let redis: Redis
let jobs: Jobs
beforeAll(async () => {
  opened = await openRedis()
  redis = opened.connect()
  jobs = createJobs(redis)
})
afterAll(() => opened.close())

/** Asks for a job of which the confirmation meets this fate. */
async function ask(accept: Jobs['accept']) {
  await redis.flushall()
  const request = newRequest(service, caller, 600_000)
  const queue = createRequestQueue(redis)
  const parts = { queue, jobs: { ...jobs, accept }, logger: silent, mostWaitingJobs: 10 } as unknown as Parts
  return { request, requested: requestJob(parts, request) }
}

const silence = new Error('Command timed out')
const refusal = Object.assign(new Error('READONLY You can’t write against a read only replica.'), {
  name: 'ReplyError',
})
const unsent = new Error("Stream isn't writeable and enableOfflineQueue options is false")

describe('a job whose confirmation is not answered', () => {
  it('is promised its verdict, since it may run: the answer was lost', async () => {
    const { request, requested } = await ask(async (...words) => {
      await jobs.accept(...words)
      throw silence
    })
    expect(await requested).toEqual({ id: request.id, hasJoined: false, isConfirmed: false })
    expect(await jobs.get(request.id)).toMatchObject({ state: 'queued' })
  })

  it('is promised its verdict, which will be that nobody has confirmed it: the command was lost', async () => {
    const { request, requested } = await ask(() => Promise.reject(silence))
    expect(await requested).toMatchObject({ id: request.id, isConfirmed: false })
    expect(await jobs.get(request.id)).toBeUndefined()
  })

  it.each([
    ['Redis refused it', refusal],
    ['it was never sent', unsent],
  ])('is not accepted when %s: then it cannot run', async (_, error) => {
    const { requested } = await ask(() => Promise.reject(error))
    await expect(requested).rejects.toBe(error)
  })
})

it('is refused for now when every job it could share has begun before it could join', async () => {
  await redis.flushall()
  const first = newRequest(service, caller, 600_000)
  const queue = createRequestQueue(redis)
  await queue.add(first)
  let joins = 0
  // Others are quicker each time: the join key is taken again by a job that begins at once.
  const dropJoinKey = async () => {}
  const join = async () => (joins++, 'begun' as const)
  const parts = {
    queue: { ...queue, dropJoinKey },
    jobs: { ...jobs, join },
    logger: silent,
    mostWaitingJobs: 10,
  } as unknown as Parts
  const requested = requestJob(parts, newRequest(service, caller, 600_000))
  await expect(requested).rejects.toMatchObject({ name: 'RefusedError', code: 'too_many_jobs' })
  expect(joins).toBe(5)
})

it('the first line of a stream says so when Redis fell silent', () => {
  const job = newRequest(service, caller, 600_000)
  expect(openingLine(job, { hostName: 'alpha', isConfirmed: false })).toMatch(
    /; Redis fell silent at that: the verdict/,
  )
  expect(openingLine(job, { hostName: 'alpha', isConfirmed: true })).not.toMatch(/silent/)
})
