import { createRequire } from 'node:module'
import { pino, type DestinationStream, type Logger } from 'pino'
import type pinoPretty from 'pino-pretty'

export type { Logger } from 'pino'

const require = createRequire(import.meta.url)

/** One JSON line an event; on a terminal one readable line. */
export function createLogger(
  level: string,
  isTerminal: boolean = process.stdout.isTTY,
  destination: DestinationStream = pino.destination(1),
): Logger {
  const serializers = { err: withoutCommand }
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers }
  if (!isTerminal) return pino(options, destination)
  // Loaded only here: a start without a terminal need not wait for it.
  const pretty = require('pino-pretty') as typeof pinoPretty
  const readable = { sync: true, colorize: true, translateTime: 'SYS:HH:MM:ss', singleLine: true }
  return pino(options, pretty(readable))
}

/** An error of Redis carries the command that failed with all its words, and one of them may be a password. */
function withoutCommand(error: Error) {
  const { command: _, ...shown } = pino.stdSerializers.err(error)
  return shown
}
