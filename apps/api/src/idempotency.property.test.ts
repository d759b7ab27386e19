import { queueName } from '@redeployster/shared/contract/service'
import { Token } from '@redeployster/shared/contract/token'
import type { Claim } from '@redeployster/shared/jobs/jobs'
import { createJobs } from '@redeployster/shared/jobs/redis-jobs'
import { createRequestQueue } from '@redeployster/shared/queue/bullmq-request-queue'
import { isOutage } from '@redeployster/shared/redis/outage'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { callerOf, createSecrets } from './authenticate.ts'
import { claimOf } from './idempotency.ts'
import type { Parts } from './parts.ts'
import { newRequest, requestJob, type Requested } from './request-job.ts'
import { createFakeWorker, entry, secret, silent, type FakeWorker } from './testing/api.ts'

const service = entry('shop/hello')
const caller = callerOf(new Token('dolphin'), createSecrets(secret))
const claim = claimOf('run-17', caller, service)

/** What Redis does with a command: its answer, or the command itself, may be lost. */
type Fate = 'answers' | 'answer lost' | 'command lost'

let redis: TestRedis
let worker: FakeWorker
beforeAll(async () => {
  redis = await startRedis()
  worker = createFakeWorker(redis.url)
})
afterAll(async () => {
  worker.stop()
  await redis.stop()
})

const fates = fc.array(
  fc.constantFrom<Fate>('answers', 'answers', 'answers', 'answers', 'answer lost', 'command lost'),
  { minLength: 60, maxLength: 60 },
)

it('a key stands for one job, in whatever order things happen and whatever is lost on the way', async () => {
  const property = fc.asyncProperty(fc.scheduler(), fates, fc.boolean(), async (s, fates, hasOther) => {
    await worker.redis.flushall()
    const begun: string[] = []
    const turn = () => s.schedule(Promise.resolve())

    /** A port whose commands wait for their turn, and meet their fate. */
    function faulty<Port extends object>(port: Port, areLost: boolean): Port {
      return new Proxy(port, {
        get: (target, name) => {
          const command = Reflect.get(target, name) as (...words: unknown[]) => Promise<unknown>
          return async (...words: unknown[]) => {
            await turn()
            const fate = areLost ? fates.pop() : 'answers'
            if (fate === 'command lost') throw new Error('Command timed out')
            const answer = await command(...words)
            if (fate === 'answer lost') throw new Error('Command timed out')
            return answer
          }
        },
      })
    }
    const partsWith = (areLost: boolean): Parts =>
      ({
        queue: faulty(createRequestQueue(worker.redis), areLost),
        jobs: faulty(createJobs(worker.redis), areLost),
        logger: silent,
        mostWaitingJobs: 100,
        stopping: new AbortController().signal,
      }) as unknown as Parts

    /** Resolves to the job that the caller was told, and to nothing when he was told 503. */
    async function post(areLost: boolean, key: Claim | undefined): Promise<Requested | undefined> {
      const request = newRequest(service, caller, 600_000)
      try {
        return await requestJob(partsWith(areLost), request, key)
      } catch (error) {
        if (!isOutage(error)) throw error
        return undefined
      }
    }

    async function work() {
      for (let look = 0; look < 6; look++) {
        await turn()
        const request = await worker.queues.fetch(queueName(service))
        if (!request) continue
        await turn()
        await worker.queues.releaseJoinKey(request)
        await turn()
        const isConfirmed = (await worker.jobs.get(request.id)) !== undefined
        if (isConfirmed && (await worker.jobs.begin(request, new Date())) === 'begun') begun.push(request.id)
        await turn()
        await worker.conclude(request, 0)
      }
    }

    const posts = [1, 2, 3].map(() => post(true, claim))
    if (hasOther) posts.push(post(false, undefined))
    const [answered] = await s.waitFor(Promise.all([Promise.all(posts), work()]))
    // Whoever comes later is told the same, if anybody was told anything.
    const later = await s.waitFor(post(false, claim))
    // One who was told a job in doubt may come to another with the same key: then nobody has begun the first.
    const told = [...answered.slice(0, 3), later].flatMap((it) => (it?.isConfirmed ? [it.id] : []))
    expect(later?.isConfirmed).toBe(true)
    // Others may take over a job that a request with the key has left on the queue.
    const itsOwn = hasOther ? [] : begun
    expect([new Set(told).size, itsOwn.length].every((count) => count <= 1)).toBe(true)
  })
  await fc.assert(property, { numRuns: 300 })
})
