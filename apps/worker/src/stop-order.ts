import type { StopReason } from './job-directory.ts'

/** The order to end a job before its time. */
export interface StopOrder {
  readonly reason: StopReason | undefined
  readonly signal: AbortSignal
  /** The first order stays. */
  readonly give: (reason: StopReason) => Promise<void>
}

/** `known`: an order that was given before; `keep` stores one, so that it outlives the worker. */
export function createStopOrder(
  known?: StopReason,
  keep: (reason: StopReason) => Promise<void> = () => Promise.resolve(),
): StopOrder {
  const controller = new AbortController()
  let reason = known
  if (reason) controller.abort()
  return {
    get reason() {
      return reason
    },
    signal: controller.signal,
    async give(wanted) {
      if (reason) return
      reason = wanted
      await keep(wanted)
      controller.abort()
    },
  }
}

/** With more than this a timer goes off at once. */
const longestTimerMs = 2 ** 31 - 1

/** Gives the order when time is up; call what it returns when that is not needed any more. */
export function limitTime({ give }: StopOrder, leftMs: number): () => void {
  const timer = setTimeout(() => void give('timeout'), Math.min(Math.max(0, leftMs), longestTimerMs))
  return () => clearTimeout(timer)
}
