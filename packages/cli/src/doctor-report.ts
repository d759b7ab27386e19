import type { HostReport } from '@redeployster/worker/examine'
import type { RedisReport } from './examine-redis.ts'

/** All that `doctor` has found, as `--json` prints it. */
export interface DoctorReport extends HostReport {
  readonly node: string
  readonly redis: RedisReport
  readonly stateDir: { readonly path: string; readonly problem?: string }
}

/** A service that is not deployable keeps no other from being deployed. */
export function isDeployPossible({ engine, compose, flock, redis, stateDir }: DoctorReport): boolean {
  const isRedisUsable = redis.kind === 'answers' ? redis.problems.length === 0 : redis.kind === 'startable'
  return isRedisUsable && [engine, compose, flock, stateDir].every((it) => !('problem' in it))
}
