import type { JobId, JobRecord, JobRequest } from '@redeployster/shared/contract/job'
import type { FreezesReader } from '@redeployster/shared/freezes/freezes'
import type { HistoryKeeper } from '@redeployster/shared/jobs/history-keeper'
import type { Jobs } from '@redeployster/shared/jobs/jobs'
import type { LogWriter } from '@redeployster/shared/log/log'
import type { HostQueues } from '@redeployster/shared/queue/queue'
import type { Logger } from '@redeployster/shared/runtime/logger'
import type { Docker } from './catalogue/docker.ts'
import type { Argv } from './compose/command.ts'
import type { JobDirectory } from './job-directory.ts'
import type { JobLog } from './job-log.ts'
import type { Look } from './look.ts'
import type { FollowStep } from './runner/follow-step.ts'
import type { Schedule } from './schedule/schedule.ts'
import type { StepTimes } from './step-times.ts'
import type { StopOrder } from './stop-order.ts'

/** A job at work. */
export interface Job {
  readonly request: JobRequest
  /** What was known of it when the story began; nothing when no API had confirmed it. */
  readonly record: JobRecord | undefined
  readonly directory: JobDirectory
  readonly times: StepTimes
  readonly log: JobLog
  readonly logger: Logger
  readonly stop: StopOrder
}

export interface DeployPorts {
  readonly stateDir: string
  readonly docker: Docker
  readonly queues: HostQueues
  readonly jobs: Jobs
  readonly freezes: FreezesReader
  readonly logWriter: LogWriter
  readonly history: HistoryKeeper
  readonly schedule: Schedule
  /** Looks at the service as it is now, and decides what to run. */
  readonly look: (request: JobRequest) => Promise<Look>
  /** What the log must not show, by the command that prints it. */
  readonly readSecrets: (config: Argv) => Promise<readonly string[]>
  /** Runs a step, or waits for one that runs, and puts what it prints into the log. */
  readonly followStep: FollowStep
  /** How to stop the jobs at work. */
  readonly running: Map<JobId, StopOrder>
  readonly logger: Logger
  /** Aborts when the worker stops: what runs then goes on without it. */
  readonly signal: AbortSignal
}
