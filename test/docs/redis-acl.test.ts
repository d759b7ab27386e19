import { readFileSync } from 'node:fs'
import path from 'node:path'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { isRefusal } from '@redeployster/shared/redis/refusal'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGuardedRedis, type GuardedRedis } from '../harness/documented-users.ts'

type User = 'api' | 'worker'
type Words = readonly [string, ...string[]]

const root = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

function allowedTo(user: User): readonly string[] {
  const line = read('docs/redis.acl')
    .split('\n')
    .find((it) => it.startsWith(`user ${user} `))
  return [...(line ?? '').matchAll(/ \+(\S+)/g)].map(([, command = '']) => command)
}

/** The commands that the Lua scripts in a file name. */
function commandsIn(file: string): readonly string[] {
  const calls = read(file).matchAll(/call\(\s*["'](\w+)["']/gi)
  return [...new Set([...calls].map(([, command = '']) => command.toLowerCase()))].sort()
}

const bullmq = 'node_modules/bullmq/dist/cjs/scripts'
const shared = 'packages/shared/src'

describe('the users of docs/redis.acl', () => {
  // Which of them a deploy comes by depends on much: each is granted, though few tests would miss it.
  it.each<[User, string]>([
    ['api', `${bullmq}/addStandardJob-9.js`],
    ['api', `${shared}/queue/bullmq-request-queue.ts`],
    ['api', `${shared}/jobs/redis-claims.ts`],
    ['api', `${shared}/jobs/redis-jobs.ts`],
    ['api', 'node_modules/rate-limiter-flexible/lib/RateLimiterRedis.js'],
    ['worker', `${bullmq}/moveToActive-11.js`],
    ['worker', `${bullmq}/moveToFinished-14.js`],
    ['worker', `${bullmq}/getRanges-1.js`],
    ['worker', `${bullmq}/removeDeduplicationKey-1.js`],
    ['worker', `${shared}/queue/bullmq-host-queues.ts`],
    ['worker', `${shared}/jobs/redis-jobs.ts`],
    ['worker', `${shared}/jobs/redis-history-keeper.ts`],
    ['worker', `${shared}/log/redis-log-writer.ts`],
  ])('let %s run every command in %s', (user, file) => {
    const commands = commandsIn(file)
    expect(commands).not.toEqual([])
    expect(allowedTo(user)).toEqual(expect.arrayContaining([...commands]))
  })

  describe('at a real Redis', () => {
    let redis: GuardedRedis
    let connections: Readonly<Record<User, Redis>>
    beforeAll(async () => {
      redis = await startGuardedRedis()
      const connect = (user: User) => connectRedis(redis.urlOf(user), 'patient', createLogger('silent'))
      connections = { api: connect('api'), worker: connect('worker') }
    })
    afterAll(async () => {
      for (const connection of Object.values(connections)) connection.disconnect()
      await redis.stop()
    })

    it.each<[User, Words]>([
      ...(['api', 'worker'] as const).flatMap((user) =>
        forbidden.map((words): [User, Words] => [user, words]),
      ),
      // Only the worker says what is deployable, and only the API what is frozen or claimed.
      ['api', ['HSET', '{redeployster}:catalogue:HOST', 'hello', '[]']],
      ['api', ['HSET', '{redeployster}:hosts', 'HOST', '{}']],
      ['api', ['EVAL', "return redis.call('DEL', '{redeployster}:hosts')", '0']],
      ['api', ['XDEL', '{redeployster}:log:1', '1-0']],
      ['worker', ['SET', '{redeployster}:freeze:shop.web', '{}']],
      ['worker', ['DEL', '{redeployster}:freeze:shop.web']],
      ['worker', ['SET', '{redeployster}:claim:1', 'x']],
      ['worker', ['DEL', '{redeployster}:failed-auths:10.0.0.1']],
    ])('keep %s from %j', async (user, [command, ...words]) => {
      await expect(connections[user].call(command, ...words)).rejects.toSatisfy(isRefusal)
    })

    it.each(['api', 'worker'] as const)('let %s ask whether its line is alive', async (user) => {
      expect(await connections[user].ping()).toBe('PONG')
    })

    it('let nobody else in', async () => {
      const stranger = connectRedis(
        redis.url.replace(/\/\/[^@]*@/, '//'),
        'impatient',
        createLogger('silent'),
      )
      await expect(new Promise((_, reject) => stranger.once('error', reject))).rejects.toThrow('NOAUTH')
      stranger.disconnect()
    })
  })
})

const forbidden: readonly Words[] = [
  ['FLUSHALL'],
  ['FLUSHDB'],
  ['CONFIG', 'GET', '*'],
  ['CONFIG', 'SET', 'dir', '/tmp'],
  ['KEYS', '*'],
  ['SCAN', '0'],
  ['SCRIPT', 'FLUSH'],
  ['FUNCTION', 'FLUSH'],
  ['ACL', 'LIST'],
  ['CLIENT', 'LIST'],
  ['MONITOR'],
  ['SAVE'],
  ['SHUTDOWN'],
  ['REPLICAOF', '127.0.0.1', '1'],
  ['MODULE', 'LIST'],
  ['SELECT', '1'],
  ['DUMP', '{redeployster}:hosts'],
  ['MIGRATE', '127.0.0.1', '1', '{redeployster}:hosts', '0', '1'],
  ['GET', 'foreign'],
  ['SET', 'redeployster', 'x'],
  ['EVAL', "return redis.call('GET', 'foreign')", '0'],
  ['EVAL', "return redis.call('KEYS', '*')", '0'],
  ['PUBLISH', 'foreign', 'x'],
  ['SUBSCRIBE', 'foreign'],
  ['PSUBSCRIBE', '*'],
]
