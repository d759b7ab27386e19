import { createCataloguePublisher } from '@redeployster/shared/catalogue/redis-catalogue'
import { toHostId, queueName } from '@redeployster/shared/contract/service'
import { Token } from '@redeployster/shared/contract/token'
import { createFreezesReader } from '@redeployster/shared/freezes/redis-freezes'
import type { HistoryLimits } from '@redeployster/shared/jobs/history-keeper'
import { createHistoryKeeper } from '@redeployster/shared/jobs/redis-history-keeper'
import { createJobs } from '@redeployster/shared/jobs/redis-jobs'
import { createLogWriter } from '@redeployster/shared/log/redis-log-writer'
import { createVerifier } from '@redeployster/shared/oidc/verifier'
import { createHostQueues } from '@redeployster/shared/queue/bullmq-host-queues'
import { connectRedis } from '@redeployster/shared/redis/connect'
import type { Logger } from '@redeployster/shared/runtime/logger'
import type { Running } from '@redeployster/shared/runtime/shutdown'
import { checkOutcome, digestWith } from './catalogue/check-outcome.ts'
import { connectDocker } from './catalogue/docker.ts'
import { keepCatalogue } from './catalogue/keep-catalogue.ts'
import { rememberResolved } from './compose/remember-resolved.ts'
import { createWatchFiles } from './compose/watch-files.ts'
import { createResolveService, readProject, readSecrets } from './compose/resolve.ts'
import { obeyCancels } from './cancels.ts'
import { deploy } from './deploy.ts'
import type { DeployPorts } from './job.ts'
import { takeEngineLock } from './engine-lock.ts'
import { beatHeart } from './heartbeat.ts'
import { leftJobDirectories } from './left-jobs.ts'
import { lookAtService, type Looking } from './look.ts'
import { ownContainerIds } from './own-container.ts'
import { createFollowStep } from './runner/follow-step.ts'
import { createRunners } from './runner/runners.ts'
import { createHostQueue } from './schedule/host-queue.ts'
import { createSchedule } from './schedule/schedule.ts'
import { resumeJobs } from './resume.ts'
import { findTools, type ToolOptions } from './tools.ts'
import { trimHistory } from './trim-history.ts'
import { waitForEngine } from './wait-for-engine.ts'

export interface WorkerOptions extends ToolOptions {
  readonly redisUrl: string
  readonly secret: string
  readonly adminToken?: string
  readonly stateDir: string
  readonly hostName: string
  readonly projectRoots?: readonly string[]
  /** The address of the API, which identity tokens are made for. */
  readonly publicUrl?: string
  readonly maxParallelDeploys: number
  /** How long a deploy may take when the service does not say. */
  readonly deployTimeoutMs: number
  /** Of a longer log the first half and the last half are kept. */
  readonly mostLogBytes: number
  readonly history: HistoryLimits
}

const sweepMs = 10_000

/**
 * Starts the worker of this host. Rejects with a `ConfigError` when there is no Compose v2; an engine or a Redis that
 * is away, or another worker on the same engine, is waited for in the background.
 */
export async function startWorker(
  options: WorkerOptions,
  logger: Logger,
  tools = findTools(options),
): Promise<Running> {
  const { dockerHost, env, run, compose } = await tools
  logger.info(`Docker Compose ${compose.version} at ${compose.command.join(' ')}`)

  const stopping = new AbortController()
  const { signal } = stopping
  const redis = connectRedis(options.redisUrl, 'patient', logger)
  const subscriber = connectRedis(options.redisUrl, 'patient', logger)

  const serving = serve().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return {
    async stop() {
      stopping.abort()
      redis.disconnect()
      subscriber.disconnect()
      await serving
    },
  }

  async function serve() {
    const docker = connectDocker(dockerHost)
    const engine = await waitForEngine(docker, dockerHost, logger, signal)
    const host = toHostId(engine.id)
    const lock = await takeEngineLock(host, logger, signal)
    signal.addEventListener('abort', () => lock.release())

    const queues = createHostQueues(redis, subscriber, logger)
    const { resolve, resolveAmongAll } = rememberResolved(
      createResolveService(run, compose.command),
      (project) => readProject(run, compose.command, project),
      compose.command[0],
      createWatchFiles(signal),
    )
    const checks = { resolve, projectRoots: options.projectRoots, publicUrl: options.publicUrl }
    const adminHash = options.adminToken === undefined ? undefined : new Token(options.adminToken).hash
    const proving = { secret: options.secret, verifier: createVerifier() }
    const ownIds = await ownContainerIds()
    const schedule = createSchedule(options.maxParallelDeploys, () => queue.pump())
    const running: DeployPorts['running'] = new Map()
    const planning = { docker, compose: compose.command, ownIds, timeoutMs: options.deployTimeoutMs }
    // Until there is a catalogue.
    let expected: Looking['expected'] = () => []
    const ports: DeployPorts = {
      stateDir: options.stateDir,
      docker,
      running,
      queues,
      jobs: createJobs(redis),
      freezes: createFreezesReader(redis),
      logWriter: createLogWriter(redis, options.mostLogBytes),
      history: createHistoryKeeper(redis, options.history),
      schedule,
      look: (request) => lookAtService(request, { ...checks, ...proving, ...planning, adminHash, expected }),
      readSecrets: (config) => readSecrets(run, config),
      followStep: createFollowStep(createRunners(env, signal), signal),
      logger,
      signal,
    }
    const queue = createHostQueue({
      queues,
      schedule,
      deploy: (request) => deploy(request, ports),
      logger,
      signal,
    })
    await resumeJobs(await leftJobDirectories(options.stateDir, logger), ports, queue)

    const publisher = createCataloguePublisher(redis, host)
    const catalogue = await keepCatalogue({
      host,
      docker,
      publisher,
      check: (seen) =>
        checkOutcome(seen, { ...checks, resolve: resolveAmongAll }, digestWith(options.secret)),
      onEntries: (entries) => queue.know(entries.map(queueName)),
      logger,
      signal,
    })
    expected = catalogue.lastListed
    const info = { id: host, name: options.hostName, engine: engine.version, compose: compose.version }
    beatHeart(publisher, info, catalogue.republish, logger, signal)
    await queues.onKick(host, queue.kick)
    await queues.onCancel(host, (id) => void running.get(id)?.give('cancel'))
    const sweep = setInterval(() => {
      queue.kick()
      void obeyCancels(ports)
      void trimHistory(ports)
    }, sweepMs)
    signal.addEventListener('abort', () => clearInterval(sweep))
  }
}
