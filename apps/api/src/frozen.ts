import { describeFreeze, type Freeze, type FrozenKey } from '@redeployster/shared/contract/freeze'
import type { Context } from 'hono'
import type { ApiEnv } from './parts.ts'
import { problem } from './problem.ts'

/** The answer to whoever would deploy a frozen service, whatever the token. */
export function frozen(c: Context<ApiEnv>, service: FrozenKey, freeze: Freeze): Response {
  const next =
    freeze.until === undefined
      ? 'Deploy again when the freeze is lifted'
      : 'Deploy again then, or when the freeze is lifted'
  const detail = `${describeFreeze(service, freeze)}. Nothing was started. ${next}.`
  return problem(c, 'service_frozen', detail, { members: { freeze } })
}
