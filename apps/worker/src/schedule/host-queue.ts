import type { JobRequest } from '@redeployster/shared/contract/job'
import type { HostQueues } from '@redeployster/shared/queue/queue'
import type { Logger } from '@redeployster/shared/runtime/logger'
import type { Schedule } from './schedule.ts'

export interface HostQueue {
  /** The queues of the services that are there. Kicks for others are ignored: a new one may hold jobs already. */
  know(names: readonly string[]): void
  /** Work has come to a queue; without a name: look at all of them. */
  kick(name?: string): void
  /** Fetches as much as there is room for. */
  pump(): void
  /** A job is at work that was not fetched here: its queue has to wait. */
  occupy(name: string, done: Promise<void>): void
}

interface HostQueueOptions {
  readonly queues: HostQueues
  readonly schedule: Schedule
  readonly deploy: (request: JobRequest) => Promise<void>
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** Fetches jobs: of each service one at a time in their order, of all services as many as there are slots. */
export function createHostQueue({ queues, schedule, deploy, logger, signal }: HostQueueOptions): HostQueue {
  const known = new Set<string>()
  const ready = new Set<string>()
  const busy = new Set<string>()
  /** Queues that may hold a job which was fetched, but whose worker, or the answer to it, was lost. */
  const suspect = new Set<string>()

  function pump() {
    for (const name of ready) {
      if (signal.aborted) return
      if (busy.has(name)) continue
      if (!schedule.tryEnter()) return
      ready.delete(name)
      occupy(name, work(name))
    }
  }

  function occupy(name: string, done: Promise<void>) {
    busy.add(name)
    void done
      .catch((error: unknown) => {
        if (!signal.aborted) logger.error({ err: error, queue: name }, 'Cannot work on a queue')
      })
      .finally(() => {
        busy.delete(name)
        pump()
      })
  }

  async function work(name: string) {
    const request = await next(name).catch((error: unknown) => {
      // It may have been fetched all the same.
      suspect.add(name)
      schedule.exit()
      throw error
    })
    // The lock on the engine is given back by then: a worker that has it may be through with this job already.
    if (request === undefined || signal.aborted) return schedule.exit()
    ready.add(name)
    schedule.announce(request.id, request.project)
    await deploy(request).finally(() => schedule.leave(request.id))
  }

  async function next(name: string): Promise<JobRequest | undefined> {
    if (suspect.delete(name)) {
      const [left] = await queues.fetched(name)
      if (left) return left
    }
    return queues.fetch(name)
  }

  async function lookAtAll() {
    for (const name of await queues.withWork([...known])) {
      ready.add(name)
      // Also of one that is busy: behind its job there may lie another that nobody works on.
      suspect.add(name)
    }
    pump()
  }

  function kick(name?: string) {
    if (name === undefined) {
      lookAtAll().catch((error: unknown) => {
        if (!signal.aborted) logger.error({ err: error }, 'Cannot look for waiting jobs')
      })
    } else if (known.has(name)) {
      ready.add(name)
      pump()
    }
  }

  return {
    know(names) {
      const fresh = names.filter((name) => !known.has(name))
      for (const name of fresh) known.add(name)
      // A kick that came before we knew the queue was ignored.
      if (fresh.length > 0) kick()
    },
    kick,
    pump,
    occupy(name, done) {
      // What waits behind that job came with kicks that nobody here has heard.
      ready.add(name)
      occupy(name, done)
    },
  }
}
