import { parseDuration } from '@redeployster/shared/contract/duration'
import { askForJob } from './ask-for-job.ts'
import { chooseShow } from './choose-show.ts'
import type { Client } from './client.ts'
import { ClientError } from './client-error.ts'
import { followJob } from './follow-job.ts'
import type { Ending, Job } from './job.ts'
import type { Surroundings } from './surroundings.ts'
import { whyNoVerdict } from './why-no-verdict.ts'

export interface WatchOptions {
  readonly json?: boolean
  readonly timeout: string
}

interface Watched {
  readonly client: Client
  readonly options: WatchOptions
  readonly token: string
  /** Of a job that was there before. */
  readonly id?: string
}

type FindJob = (signal: AbortSignal, note: (text: string) => void) => Promise<Job>

/** Shows a deploy from its begin to its end, and resolves to its exit code. */
export async function watch(
  around: Surroundings,
  { client, options, token, ...known }: Watched,
  findJob: FindJob,
): Promise<number> {
  const { json = false, timeout } = options
  const stop = stopAfter(timeout, around)
  const show = chooseShow(around, { json, token })
  let { id } = known
  try {
    const job = await findJob(stop.signal, show.note)
    id = job.id
    show.begin(job)
    const ending = await followJob(client, id, { signal: stop.signal, show })
    show.end(ending, await recordOf(client, ending))
    return ending.exitCode
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    const { command } = around
    const { reason, code } = whyNoVerdict({ error, id, stopped: stop.why(), timeout, command })
    show.fail(reason, code)
    return code
  } finally {
    show.close()
    stop.clear()
  }
}

interface Stop {
  readonly signal: AbortSignal
  why(): 'left' | 'too late' | undefined
  clear(): void
}

/** Ends the waiting, and never the deploy. */
function stopAfter(timeout: string, around: Surroundings): Stop {
  const timeoutMs = parseDuration(timeout)
  if (timeoutMs === undefined || timeoutMs > mostMs) {
    throw new ClientError(`--timeout: expected a duration as 90s, 30m or 2h, at most 24d`)
  }
  const controller = new AbortController()
  const stop = (why: 'left' | 'too late') => controller.abort(why)
  const timer = setTimeout(stop, timeoutMs, 'too late')
  const forget = around.onLeave(() => stop('left'))
  return {
    signal: controller.signal,
    why: () => controller.signal.reason as 'left' | 'too late' | undefined,
    clear() {
      clearTimeout(timer)
      forget()
    },
  }
}

/** What a timer can count. */
const mostMs = 24 * 86_400_000

/** Has the digests, which the verdict has not; without them the verdict is as true. */
function recordOf(client: Client, { id }: Ending): Promise<Job | undefined> {
  return askForJob(client, id, { limitMs: 5000 }).catch(() => undefined)
}
