import { once } from 'node:events'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { startRedis } from '../testing/redis.ts'
import { createLogger } from './logger.ts'

it('logs an error of Redis without the words of the command that failed', async () => {
  const server = await startRedis({ tcp: true })
  const redis = new Redis(server.url, { password: 'hunter2', username: 'joe', retryStrategy: null })
  const [error] = await once(redis, 'error')
  const lines: string[] = []
  const logger = createLogger('info', false, { write: (line) => void lines.push(line) })

  logger.error({ err: error }, 'Cannot connect')

  expect(JSON.stringify(error)).toContain('hunter2')
  expect(lines.join('')).toContain('WRONGPASS')
  expect(lines.join('')).not.toContain('hunter2')
  redis.disconnect()
  await server.stop()
})
