import { pino } from 'pino'
import { connectRedis, type Redis } from '../redis/connect.ts'
import { startRedis, type TestRedis } from './redis.ts'

export interface OpenRedis {
  readonly server: TestRedis
  connect(): Redis
  /** Ends the server, and the connections to it. */
  close(): Promise<void>
}

/** A Redis of a test file's own, for `beforeAll`. */
export async function openRedis(): Promise<OpenRedis> {
  const logger = pino({ level: 'silent' })
  const server = await startRedis()
  const connections: Redis[] = []
  return {
    server,
    connect() {
      const redis = connectRedis(server.url, 'patient', logger)
      connections.push(redis)
      return redis
    },
    async close() {
      for (const redis of connections) redis.disconnect()
      await server.stop()
    },
  }
}
