import type { Logger } from '@redeployster/shared/runtime/logger'
import { setTimeout as delay } from 'node:timers/promises'
import type { ObservedDocker } from './docker.ts'
import type { NamedService } from './services-from-containers.ts'

/** What to look at: services whose containers have changed, or everything. */
export type Look = readonly NamedService[] | 'all'

interface Following {
  readonly docker: ObservedDocker
  readonly lookAt: (look: Look) => Promise<void>
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** Compose causes several events by one change: they are looked at together. */
const settleMs = 25
/** The engine may tell of a change before its list of containers shows it. */
const lookAgainMs = 1000
/** Events can be lost, and a compose file can be mended without one. */
const routineMs = 60_000
const reconnectAtMostMs = 5000

/** Looks at everything at the start and once a minute, and at what has changed, until the signal aborts. */
export async function followEngine({ docker, lookAt, logger, signal }: Following): Promise<void> {
  for (let wait = 100; !signal.aborted; wait = Math.min(wait * 2, reconnectAtMostMs)) {
    try {
      const changes = await watchChanges(docker, signal)
      for (let look: Look | 'end' = 'all'; look !== 'end'; look = await changes.next()) {
        if (signal.aborted) return
        await lookAt(look)
      }
      wait = 100
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error }, 'Cannot look at the Docker engine; trying again')
    }
    await delay(wait)
  }
}

async function watchChanges(docker: ObservedDocker, signal: AbortSignal) {
  /** What has changed since the last time that nothing did for a while. */
  const changed = new Map<string, NamedService>()
  let isDirty = false
  let isEnded = false
  let routineAt = performance.now() + routineMs
  let wake = () => {}
  const onEvent = (service: NamedService) => {
    changed.set(JSON.stringify(service), service)
    isDirty = true
    wake()
  }
  const { ended } = await docker.watch(onEvent, signal)
  void ended.then(() => {
    isEnded = true
    wake()
  })

  function untilNext(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, changed.size > 0 ? lookAgainMs : routineAt - performance.now())
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    async next(): Promise<Look | 'end'> {
      if (!isDirty && !isEnded) await untilNext()
      if (isEnded) return 'end'
      const isQuiet = !isDirty
      if (isDirty) await delay(settleMs)
      isDirty = false
      const look = [...changed.values()]
      // Also when changes never cease, as with a container that restarts again and again.
      const isRoutine = performance.now() >= routineAt
      if (isQuiet || isRoutine) changed.clear()
      if (!isRoutine) return look
      routineAt = performance.now() + routineMs
      return 'all'
    },
  }
}
