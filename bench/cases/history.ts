import { once } from 'node:events'
import http from 'node:http'
import { newJobId, type JobId } from '@redeployster/shared/contract/job'
import { createJobs } from '@redeployster/shared/jobs/redis-jobs'
import { createLogWriter } from '@redeployster/shared/log/redis-log-writer'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { keys } from '@redeployster/shared/redis/keys'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { requestOf } from '@redeployster/shared/testing/requests'
import { post } from '../../test/harness/http.ts'
import type { Case } from '../case.ts'
import { openShop } from '../shop.ts'
import { quantile } from '../statistics.ts'

const jobs = 1_000_000
const services = 1000
const linesEach = 5
const line = ' Container shop-hello-1  Recreated'
const reads = 5000
/** Of so many jobs one is remembered, to be read. */
const every = 100
const longLog = 10_000
const adminToken = 'the-token-of-the-admin'

export const history: Case = {
  name: 'history',
  how:
    `\`GET /jobs/:id\` of ${reads.toLocaleString('en-US')} random jobs among ${jobs.toLocaleString('en-US')} in Redis, over one connection. They were written by the code that writes ` +
    `them always: request, ${linesEach} lines of log in one piece, verdict; Redis keeps no append-only file meanwhile. The bytes are ` +
    `those of Redis, in all, divided by their number. Those of a line come from a deploy that prints ${longLog.toLocaleString('en-US')} lines of ${line.length} characters.`,
  async run(atEnd) {
    const shop = await openShop(atEnd, {
      up: `yes '${line}' | head -n ${longLog}`,
      isApart: true,
      env: { REDEPLOYSTER_ADMIN_TOKEN: adminToken, KEEP_JOBS: '2000', KEEP_LOGS: '16G' },
    })
    const redis = connectRedis(shop.redisUrl, 'patient', createLogger('silent'))
    atEnd(() => redis.disconnect())
    const perLine = (await bytesOfLog(redis, shop)) / longLog
    await redis.config('SET', 'appendonly', 'no')
    const before = await usedBytes(redis)
    const ids = await fill(redis)
    const taken = (await usedBytes(redis)) - before
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    atEnd(() => agent.destroy())
    const samples: number[] = []
    for (let read = 0; read < reads; read += 1) {
      const id = ids[Math.floor(Math.random() * ids.length)]
      samples.push(await timeToRead(`${shop.url}/jobs/${id}`, agent))
    }
    return [
      {
        measure: 'p50',
        value: quantile(samples, 0.5),
        unit: 'ms',
        target: { atMost: 1 },
        samples: { 'GET /jobs/:id': samples },
      },
      { measure: 'p99', value: quantile(samples, 0.99), unit: 'ms' },
      { measure: `a job with ${linesEach} lines, in Redis`, value: taken / jobs, unit: 'bytes' },
      { measure: 'a line of a long log, in Redis', value: perLine, unit: 'bytes' },
      { measure: `all ${jobs.toLocaleString('en-US')} jobs, in Redis`, value: taken / 1e6, unit: 'MB' },
    ]
  },
}

async function bytesOfLog(redis: Redis, { url, token }: { url: string; token: string }): Promise<number> {
  const { jobId = '', exitCode } = await post(`${url}/hello`, token)
  if (exitCode !== '0') throw new Error(`The deploy ended with ${exitCode}`)
  return Number(await redis.call('MEMORY', 'USAGE', keys.log(jobId), 'SAMPLES', '0'))
}

/** Resolves to some of the jobs. */
async function fill(redis: Redis): Promise<readonly JobId[]> {
  // What is written in one turn of the event loop goes out in one piece.
  redis.options.enableAutoPipelining = true
  const records = createJobs(redis)
  const log = createLogWriter(redis, 16 * 1024 ** 2)
  const lines = Array.from({ length: linesEach }, () => line)
  const ids: JobId[] = []
  async function write(number: number) {
    const request = requestOf(`p${number % services}/s`, { id: newJobId() })
    if (number % every === 0) ids.push(request.id)
    await records.accept(request)
    await log.append(request.id, { first: 1, lines }, { step: 'up', offset: 0 })
    await records.conclude(request, { state: 'succeeded', exitCode: 0, started: true })
  }
  const batch = 2000
  for (let done = 0; done < jobs; done += batch)
    await Promise.all(Array.from({ length: batch }, (_, index) => write(done + index)))
  return ids
}

async function usedBytes(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
}

async function timeToRead(url: string, agent: http.Agent): Promise<number> {
  const begunAt = performance.now()
  const headers = { authorization: `Bearer ${adminToken}` }
  const request = http.get(url, { agent, headers })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.resume()
  await once(response, 'end')
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`)
  return performance.now() - begunAt
}
