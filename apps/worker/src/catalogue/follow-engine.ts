import type { Logger } from '@redeployster/shared/runtime/logger'
import { setTimeout as delay } from 'node:timers/promises'
import type { ObservedDocker } from './docker.ts'

interface Following {
  readonly docker: ObservedDocker
  /** `routine`: nothing has happened that we know of. */
  readonly lookAround: (why: 'change' | 'routine') => Promise<void>
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** Compose causes several events by one change: they are looked at together. */
const settleMs = 50
/** The engine may tell of a change before its list of containers shows it. */
const lookAgainMs = 1000
/** Events can be lost, and a compose file can be mended without one. */
const routineMs = 60_000
const reconnectAtMostMs = 5000

/** Looks around at the start, after each change of a container, and once a minute, until the signal aborts. */
export async function followEngine({ docker, lookAround, logger, signal }: Following): Promise<void> {
  for (let wait = 100; !signal.aborted; wait = Math.min(wait * 2, reconnectAtMostMs)) {
    try {
      const changes = await watchChanges(docker, signal)
      for (let why: 'change' | 'routine' | 'end' = 'change'; why !== 'end'; why = await changes.next()) {
        if (signal.aborted) return
        await lookAround(why)
      }
      wait = 100
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error }, 'Cannot look at the Docker engine; trying again')
    }
    await delay(wait)
  }
}

async function watchChanges(docker: ObservedDocker, signal: AbortSignal) {
  let isDirty = false
  let isEnded = false
  let mustLookAgain = false
  let routineAt = performance.now() + routineMs
  let wake = () => {}
  const { ended } = await docker.watch(() => {
    isDirty = true
    wake()
  }, signal)
  void ended.then(() => {
    isEnded = true
    wake()
  })

  return {
    async next(): Promise<'change' | 'routine' | 'end'> {
      if (!isDirty && !isEnded) {
        await new Promise<void>((resolve) => {
          const untilRoutineMs = routineAt - performance.now()
          const timer = setTimeout(resolve, mustLookAgain ? lookAgainMs : untilRoutineMs)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      if (isEnded) return 'end'
      mustLookAgain = isDirty
      if (isDirty) await delay(settleMs)
      isDirty = false
      // Also when changes never cease, as with a container that restarts again and again.
      if (performance.now() < routineAt) return 'change'
      routineAt = performance.now() + routineMs
      return 'routine'
    },
  }
}
