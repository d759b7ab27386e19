import { createCataloguePublisher } from '@redeployster/shared/catalogue/redis-catalogue'
import type { CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import type { JobRequest, Verdict } from '@redeployster/shared/contract/job'
import { ruleDigest } from '@redeployster/shared/contract/oidc-rule'
import {
  projectName,
  queueName,
  serviceName,
  toHostId,
  type HostId,
} from '@redeployster/shared/contract/service'
import { Token, tokenDigest } from '@redeployster/shared/contract/token'
import { createJobs } from '@redeployster/shared/jobs/redis-jobs'
import { createLogWriter } from '@redeployster/shared/log/redis-log-writer'
import { createHostQueues } from '@redeployster/shared/queue/bullmq-host-queues'
import { connectRedis } from '@redeployster/shared/redis/connect'
import { createLogger, type Logger } from '@redeployster/shared/runtime/logger'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import type { Limits } from '../limits.ts'
import { startApi, type ApiOptions } from '../main.ts'

export const secret = 'a secret of at least sixteen characters'
export const adminToken = 'the token of the admin'
export const silent = createLogger('silent')

export const alpha = toHostId('ALPHA:ID')
export const beta = toHostId('BETA:ID')

/** `entry('shop/hello', {tokens: ['dolphin']})` */
export function entry(
  name: string,
  { tokens = ['dolphin'], ...more }: { tokens?: string[] } & Partial<CatalogueEntry> = {},
): CatalogueEntry {
  const [project = '', service = ''] = name.split('/')
  return {
    host: alpha,
    project: projectName.parse(project),
    service: serviceName.parse(service),
    state: 'deployable',
    digests: [
      ...tokens.map((token) => tokenDigest(secret, new Token(token).hash)),
      ...(more.oidc ? [ruleDigest(secret, more.oidc)] : []),
    ],
    image: 'example/hello:1',
    health: 'healthy',
    ...more,
  }
}

/** What a worker does to Redis, step by step as the test wants it. */
export function createFakeWorker(redisUrl: string, host: HostId = alpha, name = 'alpha') {
  const redis = connectRedis(redisUrl, 'patient', silent)
  const queues = createHostQueues(redis, redis, silent)
  const publisher = createCataloguePublisher(redis, host)
  const writer = createLogWriter(redis, 16 * 1024 ** 2)
  const jobs = createJobs(redis)
  const info = { id: host, name, engine: '24', compose: '2.26' }

  return {
    redis,
    jobs,
    queues,
    async beat(seenAt = new Date()) {
      await publisher.heartbeat({ ...info, seenAt: seenAt.toISOString() })
    },
    /** Publishes a catalogue and says that the worker lives. */
    async publish(entries: readonly CatalogueEntry[], isComplete = true) {
      await publisher.publish({ entries, isComplete })
      await this.beat()
    },
    async fetch(name: string): Promise<JobRequest> {
      const request = await queues.fetch(queueName(entry(name, { host })))
      if (!request) throw new Error(`No job of ${name} is waiting`)
      return request
    },
    /** Takes the next job of a service, lets nobody join it from now on, and begins it. */
    async take(name: string): Promise<JobRequest> {
      const request = await this.fetch(name)
      await queues.releaseJoinKey(request)
      await jobs.begin(request, new Date())
      return request
    },
    async write({ id }: JobRequest, ...lines: readonly string[]) {
      const { next } = await writer.end(id)
      await writer.append(id, { first: next, lines }, { step: 'up', offset: 0 })
    },
    async conclude(request: JobRequest, exitCode: number, more: Partial<Verdict> = {}) {
      const state = exitCode === 0 ? 'succeeded' : 'failed'
      await jobs.conclude(request, { state, exitCode, started: true, ...more })
      await queues.finish(request)
    },
    stop() {
      redis.disconnect()
    },
  }
}

export type FakeWorker = ReturnType<typeof createFakeWorker>

/** So wide that only tests about them meet them. */
export const limits: Limits = {
  failedAuths: 1_000_000,
  trustProxy: ['private'],
  streams: 1_000_000,
  streamsPerService: 1_000_000,
  waitingJobs: 1_000_000,
  requestTimeoutMs: 30_000,
  readTimeoutMs: 600_000,
}

export function startTestApi(redis: TestRedis, more: Partial<ApiOptions> = {}, logger: Logger = silent) {
  const options = {
    redisUrl: redis.url,
    secret,
    adminToken,
    listen: '127.0.0.1',
    port: 0,
    startByMs: 600_000,
    limits,
  }
  return startApi({ ...options, ...more }, logger)
}

export interface Stage {
  readonly redis: TestRedis
  readonly worker: FakeWorker
  readonly port: number
  stop(): Promise<void>
}

/** A real Redis, an API on it, and the hands of a worker. */
export async function setStage(more: Partial<ApiOptions> = {}): Promise<Stage> {
  const redis = await startRedis()
  const worker = createFakeWorker(redis.url)
  await worker.publish([entry('shop/hello')])
  const api = await startTestApi(redis, more)
  return {
    redis,
    worker,
    port: api.port,
    async stop() {
      await api.stop()
      worker.stop()
      await redis.stop()
    },
  }
}
