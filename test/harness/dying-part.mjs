// A worker or an API that kills itself with SIGKILL the moment it logs that it has reached the boundary DIE_AT, and that
// freezes itself at the one which the file HALT_FILE names, once: `node dying-part.mjs worker|api`, configured like
// `redeployster worker` and `redeployster api`.
import fs from 'node:fs'
import { startApi } from '@redeployster/api/main'
import { readBundle } from '@redeployster/client/read-bundle'
import { readEnv } from '@redeployster/shared/runtime/env'
import { startWorker } from '@redeployster/worker/main'
import { pino } from 'pino'
import { limitsOf } from '../../packages/cli/dist/api.js'
import { endOnBug } from '../../packages/cli/dist/parts.js'

const at = (boundary) => `"at":"${boundary}"`
const obey = {
  write(line) {
    process.stdout.write(line)
    if (line.includes(at(process.env.DIE_AT))) process.kill(process.pid, 'SIGKILL')
    if (line.includes('"at":') && isToHalt(line)) process.kill(process.pid, 'SIGSTOP')
  },
}

function isToHalt(line) {
  // Not opened in vain: a test may have left us no descriptor.
  if (fs.statSync(process.env.HALT_FILE).size === 0) return false
  if (!line.includes(at(fs.readFileSync(process.env.HALT_FILE, 'utf8')))) return false
  fs.writeFileSync(process.env.HALT_FILE, '')
  return true
}

const logger = pino({ level: 'debug', base: null }, obey)
endOnBug(logger)

const env = readEnv(process.env)
const common = { redisUrl: env.REDIS_URL, secret: env.REDEPLOYSTER_SECRET }
if (process.argv[2] === 'worker') {
  await startWorker(
    {
      ...common,
      stateDir: env.STATE_DIR,
      hostName: env.HOST_NAME,
      dockerHost: env.DOCKER_HOST,
      composeCommand: env.COMPOSE_COMMAND,
      passEnv: env.PASS_ENV,
      maxParallelDeploys: env.MAX_PARALLEL_DEPLOYS,
      deployTimeoutMs: env.DEPLOY_TIMEOUT,
      mostLogBytes: env.MAX_LOG,
      history: { logBytes: env.KEEP_LOGS, jobsPerService: env.KEEP_JOBS, days: env.KEEP_DAYS },
      env: process.env,
    },
    logger,
  )
} else {
  const limits = limitsOf(env)
  const { LISTEN: listen, PORT: port, START_BY: startByMs } = env
  await startApi({ ...common, listen, port, startByMs, limits, client: readBundle() }, logger)
}
