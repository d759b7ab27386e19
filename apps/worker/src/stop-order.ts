import type { StopReason } from './job-directory.ts'

/** The order to end a job before its time. */
export interface StopOrder {
  readonly reason: StopReason | undefined
  readonly signal: AbortSignal
  /** The first order stays. */
  give(reason: StopReason): Promise<void>
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
