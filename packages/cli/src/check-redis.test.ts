import { connectRedis } from '@redeployster/shared/redis/connect'
import { ConfigError } from '@redeployster/shared/runtime/env'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkRedis, judgeRedis, lookAtRedis, placeOf } from './check-redis.ts'

async function redisWith(settings: Readonly<Record<string, string>> = {}): Promise<TestRedis> {
  const server = await startRedis({ tcp: true })
  onTestFinished(() => server.stop())
  const redis = connectRedis(server.url, 'patient', createLogger('silent'))
  for (const [name, value] of Object.entries(settings)) await redis.config('SET', name, value)
  redis.disconnect()
  return server
}

async function check(url: string): Promise<string> {
  const lines: string[] = []
  const logger = createLogger('info', false, { write: (line) => void lines.push(JSON.parse(line).msg) })
  await checkRedis(url, placeOf(url), logger)
  return lines.join('\n')
}

async function problemOf(url: string): Promise<string> {
  const error = await check(url).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ConfigError)
  return (error as ConfigError).message
}

describe('checkRedis', () => {
  it('says what it has found, without the password', async () => {
    const { url } = await redisWith({ requirepass: 'hunter2' })
    const said = await check(url.replace('redis://', 'redis://:hunter2@'))
    expect(said).toMatch(/^(Redis|Valkey) \d+\.\d+\.\d+ at redis:\/\/127\.0\.0\.1:\d+$/m)
    expect(said).not.toContain('hunter2')
  })

  it('warns of a Redis that keeps nothing over a crash', async () => {
    const { url } = await redisWith()
    expect(await check(url)).toContain('keeps no append-only file')
  })

  it('refuses a Redis that may evict jobs, and says how to mend it', async () => {
    const { url } = await redisWith({ 'maxmemory-policy': 'volatile-lru' })
    expect(await problemOf(url)).toMatch(/maxmemory-policy volatile-lru.*set "maxmemory-policy noeviction"/)
  })

  it.each([
    ['no password', 'redis://', 'asks for a password'],
    ['a wrong password', 'redis://:hunter2@', 'does not accept its user or password'],
    ['an unknown user', 'redis://joe:hunter2@', 'does not accept its user or password'],
  ])('refuses %s', async (_, start, sentence) => {
    const { url } = await redisWith({ requirepass: 'something else' })
    const problem = await problemOf(url.replace('redis://', start))
    expect(problem).toContain(sentence)
    expect(problem).not.toContain('hunter2')
  })

  it('refuses a database that is not there', async () => {
    const { url } = await redisWith()
    expect(await problemOf(`${url}/99`)).toContain('no database of this number')
  })

  it('accepts a user that may not look, and says so', async () => {
    const { url } = await redisWith()
    const redis = connectRedis(url, 'patient', createLogger('silent'))
    await redis.acl('SETUSER', 'joe', 'on', '>hunter2', '~*', '&*', '+@all', '-info')
    redis.disconnect()
    expect(await check(url.replace('redis://', 'redis://joe:hunter2@'))).toContain('Cannot check')
  })

  it.each([
    ['keys', ['&*', '+@all'], ['one of the keys', 'one of the keys']],
    ['channels', ['~*', 'resetchannels', '+@all'], ['channel']],
    ['scripts', ['~*', '&*', '+@all', '-eval'], ['eval']],
    ['what a script does', ['~*', '&*', '+@all', '-hexists'], ['executing the script']],
  ])('refuses a user without rights to %s, and says where they stand', async (_, rights, named) => {
    const { url } = await redisWith()
    const redis = connectRedis(url, 'patient', createLogger('silent'))
    await redis.acl('SETUSER', 'joe', 'on', '>hunter2', ...rights)
    redis.disconnect()
    const [, ...problems] = (await problemOf(url.replace('redis://', 'redis://joe:hunter2@'))).split('\n')
    expect(problems).toEqual(named.map((it) => expect.stringContaining(it) as string))
    for (const problem of problems)
      expect(problem).toMatch(/Redis does not let this user work .*docs\/redis\.acl/)
  })

  it('waits for a Redis that is away', async () => {
    const server = await redisWith()
    await server.kill('SIGKILL')
    const checking = check(server.url)
    await server.restart()
    expect(await checking).toContain(' at redis://')
  })
})

describe('lookAtRedis', () => {
  it('says how it keeps its data', async () => {
    const { url } = await redisWith({ appendonly: 'yes' })
    expect(await lookAtRedis(url)).toMatchObject({
      version: expect.stringMatching(/^(Redis|Valkey) \d/),
      keeping: 'appendonly yes, maxmemory-policy noeviction',
    })
  })

  it('waits for none that is away', async () => {
    const server = await redisWith()
    await server.kill('SIGKILL')
    await expect(lookAtRedis(server.url)).rejects.toThrow(
      /^Redis is away \(connect ECONNREFUSED 127\.0\.0\.1:/,
    )
  })

  it('waits for none that hangs', async () => {
    const server = await redisWith()
    server.freeze()
    await expect(lookAtRedis(server.url)).rejects.toThrow(/^Redis is away/)
  })

  it('says why it is not let in', async () => {
    const { url } = await redisWith({ requirepass: 'something else' })
    await expect(lookAtRedis(url)).rejects.toThrow('asks for a password')
  })
})

describe('judgeRedis', () => {
  it.each([
    [
      'redis_version:6.0.16',
      'Redis 6.0.16',
      ['REDIS_URL: Redis 6.0.16 is too old; expected 6.2 or newer, or Valkey'],
    ],
    ['redis_version:6.2.0', 'Redis 6.2.0', []],
    ['redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1', 'Valkey 8.1.1', []],
    ['redis_version:10.0.0', 'Redis 10.0.0', []],
  ])('reads %j', (info, version, problems) => {
    expect(judgeRedis(info)).toMatchObject({ version, problems, warnings: [] })
  })

  it.each([
    ['aof_enabled:1\r\nmaxmemory_policy:noeviction', 'appendonly yes, maxmemory-policy noeviction'],
    ['aof_enabled:0\r\nmaxmemory_policy:allkeys-lru', 'appendonly no, maxmemory-policy allkeys-lru'],
  ])('tells from %j how it keeps its data', (info, keeping) => {
    expect(judgeRedis(info).keeping).toBe(keeping)
  })

  it('names all problems at once', () => {
    expect(judgeRedis('redis_version:5.0.7\r\nmaxmemory_policy:allkeys-lru').problems).toHaveLength(2)
  })
})

it.each([
  ['redis://joe:hunter2@cache:6379/2?family=6', 'at redis://cache:6379/2'],
  ['rediss://[::1]:6379', 'at rediss://[::1]:6379'],
  ['unix:///run/redis.sock', 'at unix:///run/redis.sock'],
  ['unix://joe:hunter2@/run/redis.sock', 'at unix:///run/redis.sock'],
])('shows %s as %s', (url, place) => {
  expect(placeOf(url)).toBe(place)
})
