import type { HttpBindings } from '@hono/node-server'
import type { CatalogueReader } from '@redeployster/shared/catalogue/catalogue'
import type { Freezes } from '@redeployster/shared/freezes/freezes'
import type { Jobs } from '@redeployster/shared/jobs/jobs'
import type { LogReader } from '@redeployster/shared/log/log'
import type { Verifier } from '@redeployster/shared/oidc/verifier'
import type { RequestQueue } from '@redeployster/shared/queue/queue'
import type { Logger } from '@redeployster/shared/runtime/logger'
import type { Context } from 'hono'
import type { RequestIdVariables } from 'hono/request-id'
import type { Secrets } from './authenticate.ts'
import type { ClientFile } from './client-file.ts'
import type { FailedAuths } from './failed-auths.ts'
import type { HeldStreams } from './held-streams.ts'
import type { Joining, Making } from './share-job.ts'

/** What the routes work with; `main.ts` puts it together. */
export interface Parts extends Secrets {
  readonly catalogue: CatalogueReader
  readonly queue: RequestQueue
  readonly jobs: Jobs
  readonly log: LogReader
  readonly freezes: Freezes
  readonly verifier: Verifier
  readonly failedAuths: FailedAuths
  readonly streams: HeldStreams
  readonly logger: Logger
  /** What `GET /client.mjs` serves, if it was built. */
  readonly client?: ClientFile | undefined
  readonly making: Making
  readonly joining: Joining
  readonly startByMs: number
  readonly mostWaitingJobs: number
  /** How long a request for a verdict is held before it is sent round once more. */
  readonly holdMs: number
  /** Aborted when the API is asked to stop: nothing new is accepted, and streams end. */
  readonly stopping: AbortSignal
}

export interface ApiEnv {
  Bindings: HttpBindings
  Variables: RequestIdVariables
}

export type Handler = (c: Context<ApiEnv>) => Response | Promise<Response>
