import fs from 'node:fs/promises'
import path from 'node:path'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { startRedis } from '@redeployster/shared/testing/redis'
import { expect, it, onTestFinished } from 'vitest'
import { examineRedis } from './examine-redis.ts'
import { startPrivateRedis } from './private-redis.ts'
import { findRedisProgram } from './redis-program.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

it('looks at the Redis of REDIS_URL', async () => {
  const server = await startRedis({ appendOnly: true })
  onTestFinished(() => server.stop())
  const STATE_DIR = await temporaryFolder()
  expect(await examineRedis({ REDIS_URL: server.url, STATE_DIR }, '')).toMatchObject({
    kind: 'answers',
    place: `at ${server.url}`,
    keeping: 'appendonly yes, maxmemory-policy noeviction',
    problems: [],
    warnings: [],
  })
})

it('says where a Redis should be that is away, without its password', async () => {
  const REDIS_URL = 'redis://:hunter2@127.0.0.1:1'
  expect(await examineRedis({ REDIS_URL, STATE_DIR: '/nowhere' }, '')).toEqual({
    kind: 'unusable',
    problem: 'Redis is away (connect ECONNREFUSED 127.0.0.1:1), at redis://127.0.0.1:1',
  })
})

it('looks at the Redis that a serve runs', async () => {
  const STATE_DIR = await temporaryFolder()
  const redis = await startPrivateRedis(
    findRedisProgram(process.env.PATH)!,
    STATE_DIR,
    createLogger('silent'),
  )
  onTestFinished(() => redis.stop())
  const report = await examineRedis({ REDIS_URL: undefined, STATE_DIR }, '')
  expect(report).toMatchObject({ kind: 'answers', place: `private, in ${STATE_DIR}/redis`, problems: [] })
})

it('names the program that serve would start, and starts and makes nothing', async () => {
  const folder = await temporaryFolder()
  const program = path.join(folder, 'redis-server')
  await fs.writeFile(program, '', { mode: 0o755 })
  const STATE_DIR = path.join(folder, 'state')
  expect(await examineRedis({ REDIS_URL: undefined, STATE_DIR }, folder)).toEqual({
    kind: 'startable',
    program,
  })
  expect(await fs.readdir(folder)).toEqual(['redis-server'])
})

it('says how to get a Redis where there is none', async () => {
  const report = await examineRedis({ REDIS_URL: undefined, STATE_DIR: '/nowhere' }, '/nowhere')
  expect(report).toMatchObject({ kind: 'unusable', problem: expect.stringContaining('install one') })
})
