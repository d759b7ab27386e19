import { randomInt } from 'node:crypto'
import { connectRedis } from '@redeployster/shared/redis/connect'
import { newJobId, type JobId } from '@redeployster/shared/contract/job'
import { createJobs } from '@redeployster/shared/jobs/redis-jobs'
import { createLogWriter } from '@redeployster/shared/log/redis-log-writer'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { requestOf } from '@redeployster/shared/testing/requests'
import http from 'node:http'
import { once } from 'node:events'
import type { Case } from '../case.ts'
import { openShop } from '../shop.ts'
import { quantile } from '../statistics.ts'

const jobs = 1_000_000
const services = 1000
const linesEach = 5
const line = ' Container shop-hello-1  Recreated'
const reads = 5000

export const history: Case = {
  name: 'history',
  how:
    `\`GET /jobs/:id\` of ${reads.toLocaleString('en-US')} random jobs among ${jobs.toLocaleString('en-US')} in Redis, over one connection. They were written by the code that writes ` +
    `them always: request, ${linesEach} lines of log in one piece, verdict. The bytes are those of Redis, in all, divided by their number.`,
  async run() {
    const shop = await openShop({
      up: 'true',
      isApart: true,
      env: { REDEPLOYSTER_ADMIN_TOKEN: 'the-token-of-the-admin', KEEP_JOBS: '2000', KEEP_LOGS: '16G' },
    })
    const redis = connectRedis(shop.redisUrl, 'patient', createLogger('silent'))
    try {
      const before = await usedBytes(redis)
      const ids = await fill(redis)
      const bytes = ((await usedBytes(redis)) - before) / jobs
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
      const samples: number[] = []
      for (let read = 0; read < reads; read += 1) {
        samples.push(await timeToRead(`${shop.url}/jobs/${ids[randomInt(ids.length)]}`, agent))
      }
      agent.destroy()
      return [
        {
          measure: 'p50',
          value: quantile(samples, 0.5),
          unit: 'ms',
          target: { atMost: 1 },
          samples: { 'GET /jobs/:id': samples },
        },
        { measure: 'p99', value: quantile(samples, 0.99), unit: 'ms' },
        { measure: `bytes in Redis for a job with ${linesEach} lines`, value: bytes, unit: 'bytes' },
      ]
    } finally {
      redis.disconnect()
      await shop.close()
    }
  },
}

async function fill(redis: ReturnType<typeof connectRedis>): Promise<readonly JobId[]> {
  const records = createJobs(redis)
  const log = createLogWriter(redis, 16 * 1024 ** 2)
  const lines = Array.from({ length: linesEach }, () => line)
  const ids: JobId[] = []
  const batch = 1000
  for (let done = 0; done < jobs; done += batch) {
    await Promise.all(
      Array.from({ length: batch }, async (_, index) => {
        const request = requestOf(`p${index % services}/s`, { id: newJobId() })
        ids.push(request.id)
        await records.accept(request)
        await log.append(request.id, { first: 1, lines }, { step: 'up', offset: 0 })
        await records.conclude(request, { state: 'succeeded', exitCode: 0, started: true })
      }),
    )
  }
  return ids
}

async function usedBytes(redis: ReturnType<typeof connectRedis>): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
}

async function timeToRead(url: string, agent: http.Agent): Promise<number> {
  const begunAt = performance.now()
  const headers = { authorization: 'Bearer the-token-of-the-admin' }
  const request = http.get(url, { agent, headers })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.resume()
  await once(response, 'end')
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`)
  return performance.now() - begunAt
}
