import { startApi } from '@redeployster/api/main'
import { readEnv, type Env } from '@redeployster/shared/runtime/env'
import { createLogger, type Logger } from '@redeployster/shared/runtime/logger'
import type { Running } from '@redeployster/shared/runtime/shutdown'
import { startWorker } from '@redeployster/worker/main'
import { findTools } from '@redeployster/worker/tools'
import { apiOptions, mostApiStoppingMs } from './api.ts'
import { checkRedis, placeOf } from './check-redis.ts'
import { runParts, type AddPart } from './parts.ts'
import { startPrivateRedis } from './private-redis.ts'
import { findRedisProgram, howToGetRedis } from './redis-program.ts'
import { keptSecret } from './secret.ts'
import { makeStateFolder } from './state-folder.ts'
import { untilAnswered } from './until-answered.ts'
import { mostWorkerStoppingMs, toolOptions, workerOptions } from './worker.ts'

const mostRedisStoppingMs = 3000

/** `redeployster serve`: the API and the worker in one process, and a Redis of their own unless one is given. */
export async function serve(source: NodeJS.ProcessEnv): Promise<void> {
  const program = findRedisProgram(source.PATH)
  const needs: object = program === undefined ? { REDIS_URL: howToGetRedis } : {}
  const env = readEnv(source, { needs, writesState: true })
  const logger = createLogger(env.LOG_LEVEL)
  // Beside the start of Redis: each of both asks other programs, and waits.
  const tools = findTools(toolOptions(env, source))
  tools.catch(() => {
    // Whoever waits for them learns of it.
  })
  await runParts(logger, async (add) => {
    await makeStateFolder(env.STATE_DIR)
    const secret = env.REDEPLOYSTER_SECRET ?? (await keptSecret(env.STATE_DIR))
    const { url, place } = await givenOrPrivateRedis(env, program, add, logger)
    const settled = { ...env, REDIS_URL: url, REDEPLOYSTER_SECRET: secret }

    const checking = checkRedis(url, place, logger)
    await untilAnswered(checking)
    const running = await startApi(apiOptions(settled), logger)
    add({ name: 'api', running, mostStoppingMs: mostApiStoppingMs })
    const starting = startWorker(workerOptions(settled, source), logger, tools)
    add({ name: 'worker', running: onceStarted(starting), mostStoppingMs: mostWorkerStoppingMs })
    await Promise.all([checking, starting])
  })
}

async function givenOrPrivateRedis(
  env: Env,
  program: string | undefined,
  add: AddPart,
  logger: Logger,
): Promise<{ url: string; place: string }> {
  if (env.REDIS_URL !== undefined) return { url: env.REDIS_URL, place: placeOf(env.REDIS_URL) }
  const starting = startPrivateRedis(program!, env.STATE_DIR, logger)
  add({ name: 'redis', running: onceStarted(starting), mostStoppingMs: mostRedisStoppingMs })
  const { url, folder } = await starting
  return { url, place: `private, in ${folder}` }
}

/** What is starting can already be stopped; what could not start has nothing to stop. */
function onceStarted(starting: Promise<Running>): Running {
  return {
    async stop() {
      const running = await starting.catch(() => undefined)
      await running?.stop()
    },
  }
}
