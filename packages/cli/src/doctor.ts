import { readEnv, unwritable, type Env } from '@redeployster/shared/runtime/env'
import { examineHost } from '@redeployster/worker/examine'
import { defined } from './defined.ts'
import { doctorLines } from './doctor-lines.ts'
import { isDeployPossible, type DoctorReport } from './doctor-report.ts'
import { examineRedis } from './examine-redis.ts'

export interface DoctorOptions {
  readonly json?: boolean
}

/** `redeployster doctor`: prints what `serve` or `worker` would find here, and starts nothing. Resolves to its exit code. */
export async function doctor(
  source: NodeJS.ProcessEnv,
  { json = false }: DoctorOptions,
  print: (text: string) => void,
): Promise<number> {
  const report = await examine(readEnv(source), source)
  const isPossible = isDeployPossible(report)
  print(
    json
      ? JSON.stringify({ isDeployPossible: isPossible, ...report }, null, 2)
      : doctorLines(report).join('\n'),
  )
  return isPossible ? 0 : 1
}

async function examine(env: Env, source: NodeJS.ProcessEnv): Promise<DoctorReport> {
  const [host, redis] = await Promise.all([
    examineHost({
      passEnv: env.PASS_ENV,
      deployTimeoutMs: env.DEPLOY_TIMEOUT,
      env: source,
      ...defined({
        dockerHost: env.DOCKER_HOST,
        composeCommand: env.COMPOSE_COMMAND,
        projectRoots: env.PROJECT_ROOTS,
        publicUrl: env.PUBLIC_URL,
      }),
    }),
    examineRedis(env, source.PATH),
  ])
  const [problem] = unwritable(env.STATE_DIR)
  const stateDir = { path: env.STATE_DIR, ...(problem !== undefined && { problem }) }
  return { node: process.version, ...host, redis, stateDir }
}
