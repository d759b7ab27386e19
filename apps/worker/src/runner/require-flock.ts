import { ConfigError } from '@redeployster/shared/runtime/env'
import type { RunCompose } from '../compose/run-compose.ts'

/** The runner needs it; without it every deploy would end before it started. */
export async function requireFlock(run: RunCompose): Promise<void> {
  const { exitCode } = await run(['flock', '--version'])
  if (exitCode !== 0) {
    throw new ConfigError([
      'flock is not installed: install the package util-linux. The worker runs on Linux only',
    ])
  }
}
