import type { Logger } from 'pino'

export interface Running {
  stop(): Promise<void>
}

/** On SIGTERM or SIGINT: stops everything in order, and exits with 0; a second signal exits at once. */
export function stopOnSignal(running: Running, logger: Logger): void {
  let isStopping = false
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1)
    isStopping = true
    logger.info({ signal }, 'Stopping')
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'Cannot stop in order')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
