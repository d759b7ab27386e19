import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { newJobId } from '@redeployster/shared/contract/job'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { keys } from '@redeployster/shared/redis/keys'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { keyOf } from '@redeployster/shared/testing/requests'
import { post } from '../../test/harness/http.ts'
import type { Case } from '../case.ts'
import { openShop, type Shop } from '../shop.ts'
import { quantile } from '../statistics.ts'
import { requireSuccess } from '../verdicts.ts'

const jobs = 1_000_000
const services = 1000
const jobLines = 5
const longLog = 10_000
const line = ' Container shop-hello-1  Recreated'
const reads = 5000
/** Of so many jobs one is remembered, to be read. */
const every = 100
const adminToken = 'the-token-of-the-admin'
const figure = (value: number) => value.toLocaleString('en-US')

export const history: Case = {
  name: 'history',
  how:
    `\`GET /jobs/:id\` of ${figure(reads)} random jobs among ${figure(jobs)} in Redis, over one connection. They are copies of one real ` +
    `job whose deploy printed ${jobLines} lines: its record, its log and its places in the history of ${figure(services)} services, made by Redis ` +
    'itself, which keeps no append-only file meanwhile. The bytes are those of Redis, in all, divided by their number. Those of a line come ' +
    `from a deploy that prints ${figure(longLog)} lines of ${line.length} characters. The case takes 7 GB of memory.`,
  async run(atEnd) {
    const shop = await openShop(atEnd, {
      up: `yes '${line}' | head -n "$(cat "$folder/lines")"`,
      isApart: true,
      env: { REDEPLOYSTER_ADMIN_TOKEN: adminToken },
    })
    const redis = connectRedis(shop.redisUrl, 'patient', createLogger('silent'))
    atEnd(() => redis.disconnect())
    const long = await deploy(shop, longLog)
    const lineBytes = Number(await redis.call('MEMORY', 'USAGE', keys.log(long), 'SAMPLES', '0')) / longLog

    const job = await deploy(shop, jobLines)
    await redis.config('SET', 'appendonly', 'no')
    const before = await usedBytes(redis)
    const ids = await fill(redis, job)
    const bytes = (await usedBytes(redis)) - before

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
      { measure: `a job with ${jobLines} lines, in Redis`, value: bytes / jobs, unit: 'bytes' },
      { measure: 'a line of a long log, in Redis', value: lineBytes, unit: 'bytes' },
      { measure: `all ${figure(jobs)} jobs, in Redis`, value: bytes / 1e6, unit: 'MB' },
    ]
  },
}

async function deploy({ url, token, compose }: Shop, lines: number): Promise<string> {
  await fs.writeFile(path.join(compose.folder, 'lines'), String(lines))
  const answer = await post(`${url}/hello`, token)
  requireSuccess([answer])
  return answer.jobId ?? ''
}

/** Not by COPY for the log: that would leave out the room for more that a stream is given when it is written. */
const copyScript = `
local entries = redis.call('XRANGE', KEYS[2], '-', '+')
for at = 3, #ARGV do
  local id = ARGV[at]
  redis.call('COPY', KEYS[1], ARGV[1] .. id)
  redis.call('HSET', ARGV[1] .. id, 'id', id)
  for _, entry in ipairs(entries) do redis.call('XADD', ARGV[2] .. id, entry[1], unpack(entry[2])) end
  redis.call('ZADD', KEYS[3], 0, id)
  redis.call('ZADD', KEYS[4], 0, id)
  redis.call('ZADD', KEYS[5], redis.call('ZCARD', KEYS[5]), id)
end
`

/** Resolves to some of the copies. */
async function fill(redis: Redis, job: string): Promise<readonly string[]> {
  const some: string[] = []
  for (let number = 0; number < services; number += 1) {
    const ids = Array.from({ length: jobs / services }, () => newJobId())
    const ofService = keys.serviceHistory(keyOf(`p${number}/s`))
    const keyNames = [keys.job(job), keys.log(job), keys.history, ofService, keys.endedLogs]
    await redis.eval(copyScript, keyNames.length, ...keyNames, keys.job(''), keys.log(''), ...ids)
    some.push(...ids.filter((_, index) => index % every === 0))
  }
  return some
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
