import { randomBytes } from 'node:crypto'
import type { JobRecord, JobRequest } from '@redeployster/shared/contract/job'
import { newJobId } from '@redeployster/shared/contract/job'
import { queueName, serviceName, type HostId } from '@redeployster/shared/contract/service'
import { proofOf, Token } from '@redeployster/shared/contract/token'
import { createJobs } from '@redeployster/shared/jobs/redis-jobs'
import { createRequestQueue } from '@redeployster/shared/queue/bullmq-request-queue'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { keys } from '@redeployster/shared/redis/keys'
import { createLogger } from '@redeployster/shared/runtime/logger'
import {
  createProject,
  describeWithEngine,
  removeProjects,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { requestOf } from '@redeployster/shared/testing/requests'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ask, getJson, post } from '../harness/http.ts'
import { deployRedeployster, published, type Deployment } from '../harness/layout.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { until } from '../harness/until.ts'

const token = randomBytes(16).toString('hex')
const silent = createLogger('silent')

// Somebody who may write to Redis, but has never seen the token.
describeWithEngine('a job that nobody asked for with a token', () => {
  let project: TestProject
  let compose: ScriptedCompose
  let deployment: Deployment
  let url: string
  let redis: Redis
  let host: HostId
  let asked: JobRequest

  beforeAll(async () => {
    project = await createProject({
      yaml: `
        services:
          hello: { <<: *base, labels: { redeployster.token: ${token} } }
          other: { <<: *base }
      `,
    })
    await project.up()
    compose = await scriptCompose('echo deployed')
    deployment = await deployRedeployster('two APIs and a worker', { COMPOSE_COMMAND: compose.command })
    url = deployment.urls[0]
    await published(url, token, 'hello')
    redis = connectRedis(deployment.redisUrl ?? '', 'patient', silent)
    host = (await redis.hkeys(keys.hosts))[0] as HostId
  })
  afterAll(async () => {
    redis?.disconnect()
    await deployment?.stop()
    await compose?.remove()
    await removeProjects()
  })

  const forged = (more: Partial<JobRequest> = {}) => requestOf(`${project.name}/hello`, { host, ...more })
  const proven = (request: JobRequest) => ({ ...request, proof: proofOf(new Token(token).hash, request) })
  const past = new Date(0).toISOString()

  /** On its queue, confirmed, and with the worker woken: all that an API does. */
  async function put(request: JobRequest) {
    await createRequestQueue(redis).add(request)
    await createJobs(redis).accept(request)
    await redis.publish(keys.kicks(host), queueName(request))
  }

  async function verdictOf({ id }: JobRequest): Promise<JobRecord | undefined> {
    await until('it has its verdict', async () => (await redis.hget(keys.job(id), 'exitCode')) !== null)
    return createJobs(redis).get(id)
  }

  it('is none that somebody did ask for: that is started', async () => {
    asked = proven(forged())
    await put(asked)
    expect(await verdictOf(asked)).toMatchObject({ state: 'succeeded' })
    expect(await compose.starts()).toHaveLength(1)
  })

  it.each<[string, () => JobRequest, object]>([
    ['without a proof', () => forged(), { state: 'rejected', exitCode: 126 }],
    [
      'with the proof of another one',
      () => forged({ proof: asked.proof }),
      { state: 'rejected', exitCode: 126 },
    ],
    [
      'with more time than was asked for',
      () => ({ ...proven(forged()), startBy: '2099-01-01T00:00:00Z' }),
      { state: 'rejected' },
    ],
    [
      'with a proof of 1 MB',
      () => forged({ proof: 'x'.repeat(1024 ** 2) }),
      { state: 'rejected', exitCode: 126 },
    ],
    ['whose time is over', () => proven(forged({ startBy: past })), { state: 'expired', exitCode: 125 }],
    ['from a time to come', () => forged({ acceptedAt: '2099-01-01T00:00:00Z' }), { state: 'rejected' }],
  ])('is not started: %s', async (_, make, verdict) => {
    const request = make()
    await put(request)
    expect(await verdictOf(request)).toMatchObject({ ...verdict, started: false })
    expect(await compose.starts()).toHaveLength(1)
  })

  it('is not started for a service that does not opt in', async () => {
    const service = serviceName.parse('other')
    await put(proven(forged({ service })))
    expect(await post(`${url}/other`, token)).toMatchObject({ status: 401 })
    expect(await compose.starts()).toHaveLength(1)
  })

  it('is not started a second time when it comes again, under its own id or another', async () => {
    const again = { ...asked, id: newJobId() }
    await put(again)
    expect(await verdictOf(again)).toMatchObject({ state: 'rejected' })
    await put(asked)
    await until(
      'it is taken off',
      async () => (await redis.exists(keys.queued(queueName(asked), asked.id))) === 0,
    )
    expect(await compose.starts()).toHaveLength(1)
  })

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['is another type', async (id) => redis.multi().del(keys.job(id)).lpush(keys.job(id), 'x').exec()],
    ['has a state that there is not', async (id) => redis.hset(keys.job(id), 'state', 'half')],
    ['has no dates', async (id) => redis.hset(keys.job(id), 'acceptedAt', 'once')],
  ])('does not hold up the next one when its record %s', async (_, spoil) => {
    const before = (await compose.starts()).length
    const request = proven(forged())
    await deployment.end('worker', 'SIGKILL')
    await put(request)
    await spoil(request.id)
    await deployment.start()
    expect(await post(`${url}/hello`, token)).toMatchObject({ exitCode: '0' })
    expect(await compose.starts()).toHaveLength(before + 1)
  })

  it('comes to its verdict when its log is none of ours: the record has it', async () => {
    const request = proven(forged())
    await deployment.end('worker', 'SIGKILL')
    await put(request)
    await redis.set(keys.log(request.id), 'x')
    const followed = ask('GET', `${url}/jobs/${request.id}/log?follow`, token)
    await deployment.start()
    expect(await verdictOf(request)).toMatchObject({ state: 'succeeded', exitCode: 0 })
    expect(await followed.answer).toMatchObject({ exitCode: '0' })
  })

  it('nor does anything else in Redis: a worker writes its catalogue and its host anew', async () => {
    await deployment.end('worker', 'SIGKILL')
    await redis.multi().del(keys.catalogue(host)).set(keys.catalogue(host), 'x').exec()
    await redis.hset(keys.hosts, host, '{')
    await redis.publish(keys.cancels(host), 'x')
    await deployment.start()
    await published(url, token, 'hello')
    const { services } = await getJson<{ services: unknown[] }>(`${url}/services`, token)
    expect(services).toHaveLength(1)
  })
})
