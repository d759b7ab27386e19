/** How long something may take. */
export interface Limit {
  /** Aborted when the time is over, or with the signal of whoever waits. */
  readonly signal: AbortSignal
  /** Counts anew. */
  restart(): void
  end(): void
}

/**
 * Holds its timer itself: of `AbortSignal.any([signal, AbortSignal.timeout(ms)])` the second part is held by nobody, is
 * collected as garbage, and then never fires (nodejs/node#57736).
 */
export function startLimit(ms: number, signal?: AbortSignal): Limit {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new DOMException('', 'TimeoutError')), ms)
  const leave = () => controller.abort(signal?.reason)
  if (signal?.aborted) leave()
  signal?.addEventListener('abort', leave)
  return {
    signal: controller.signal,
    restart: () => void timer.refresh(),
    end() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', leave)
    },
  }
}
