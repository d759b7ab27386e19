import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError, readEnv } from './env.ts'
import { envSchema, secretVariables } from './env-schema.ts'

let folder: string
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'env-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

function problemsOf(read: () => unknown): string[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const [, ...problems] = error.message.split('\n')
    return problems.map((it) => it.trim())
  }
}

const secret = 'a secret that is long'.replaceAll(' ', '-')

describe('readEnv', () => {
  it('needs no variable at all', () => {
    expect(readEnv({ HOME: '/home/me' })).toMatchObject({
      LISTEN: '::',
      PORT: 4711,
      HOST_NAME: os.hostname(),
      PASS_ENV: [],
      MAX_PARALLEL_DEPLOYS: 4,
      START_BY: 600_000,
      MAX_LOG: 16_777_216,
      LOG_LEVEL: 'info',
    })
  })

  it('takes an empty variable for an unset one', () => {
    const empty = Object.fromEntries(Object.keys(envSchema.shape).map((name) => [name, '']))
    expect(readEnv({ ...empty, HOME: '/home/me' })).toEqual(readEnv({ HOME: '/home/me' }))
  })

  it.each([
    ['LISTEN', '0.0.0.0', '0.0.0.0'],
    ['LISTEN', 'localhost', 'localhost'],
    ['PORT', '0', 0],
    ['REDIS_URL', 'rediss://joe:p%40ss@cache.example:6380/3', 'rediss://joe:p%40ss@cache.example:6380/3'],
    ['REDIS_URL', 'redis://[::1]:6379', 'redis://[::1]:6379'],
    ['REDIS_URL', 'unix:///run/redis with blank.sock', 'unix:///run/redis with blank.sock'],
    ['REDIS_URL', 'unix://joe:p%40ss@/run/redis.sock', 'unix://joe:p%40ss@/run/redis.sock'],
    ['PUBLIC_URL', 'https://example.com/deploy', 'https://example.com/deploy'],
    ['STATE_DIR', '/srv/state', '/srv/state'],
    ['COMPOSE_COMMAND', ' docker  compose ', ['docker', 'compose']],
    ['PROJECT_ROOTS', '/srv:/home/my stacks', ['/srv', '/home/my stacks']],
    ['PASS_ENV', 'A, B_2  c', ['A', 'B_2', 'c']],
    ['START_BY', '90s', 90_000],
    ['DOCKER_HOST', 'ssh://host', 'ssh://host'],
    ['TRUST_PROXY', 'none', ['none']],
    ['TRUST_PROXY', 'private, 203.0.113.7 2001:db8::/32', ['private', '203.0.113.7', '2001:db8::/32']],
    ['MAX_LOG', '2MiB', 2_097_152],
    ['KEEP_DAYS', '1', 1],
  ] as const)('reads %s=%s', (variable, text, value) => {
    expect(readEnv({ [variable]: text })[variable]).toEqual(value)
  })

  it.each([
    ['LISTEN', 'localhost:4711', 'without a port'],
    ['LISTEN', '*', 'expected an address'],
    ['PORT', '65536', 'from 0 to 65535'],
    ['PORT', '4711.5', 'from 0 to 65535'],
    ['STATE_DIR', 'state', 'an absolute path'],
    ['PUBLIC_URL', 'https://example.com/', 'without a slash at its end'],
    ['PUBLIC_URL', 'deploy.example.com', 'an address such as https'],
    ['PUBLIC_URL', 'https://joe@example.com', 'an address such as https'],
    ['HOST_NAME', 'two words', 'without blanks'],
    ['DOCKER_HOST', '/var/run/docker.sock', 'unix:///path/to/socket'],
    ['COMPOSE_COMMAND', ' ', 'expected a command'],
    ['PROJECT_ROOTS', '/srv:stacks', 'absolute paths'],
    ['PASS_ENV', 'A=1', 'names of variables'],
    ['MAX_PARALLEL_DEPLOYS', '0', 'from 1 to 1000'],
    ['START_BY', '10', 'a duration such as 90s'],
    ['MAX_LOG', '512KiB', 'at least 1MiB'],
    ['KEEP_LOGS', '256', 'a size such as'],
    ['KEEP_JOBS', '0', 'from 1 to 1000000'],
    ['LOG_LEVEL', 'loud', 'trace, debug, info'],
    ['FAILED_AUTH_LIMIT', '0', 'from 1 to 1000000'],
    ['MAX_STREAMS', '0', 'from 1 to 1000000'],
    ['MAX_STREAMS_PER_SERVICE', '-1', 'from 1 to 1000000'],
    ['MAX_WAITING_JOBS', 'many', 'from 1 to 1000000'],
    ['REQUEST_TIMEOUT', '30', 'a duration such as 90s'],
    ['TRUST_PROXY', 'true', 'private, none, or addresses'],
    ['TRUST_PROXY', 'private, none', 'private, none, or addresses'],
    ['TRUST_PROXY', '10.0.0.0/33', 'private, none, or addresses'],
    ['TRUST_PROXY', '2001:db8::/129', 'private, none, or addresses'],
    ['TRUST_PROXY', 'proxy.example', 'private, none, or addresses'],
    ['TRUST_PROXY', ',', 'private, none, or addresses'],
  ])('refuses %s=%s and shows it', (variable, text, expected) => {
    const [problem, ...more] = problemsOf(() => readEnv({ [variable]: text }))
    expect(problem).toMatch(
      new RegExp(`^${variable}: .*${expected}.* \\(got "${text.replace(/[*.]/g, '\\$&')}"\\)$`),
    )
    expect(more).toEqual([])
  })

  it.each([
    ['REDIS_URL', 'http://joe:hunter2@cache'],
    ['REDIS_URL', 'redis://joe:hunter2@cache/orders'],
    ['REDIS_URL', 'redis://:hunter2%@cache'],
    ['REDIS_URL', 'unix://hunter2'],
    ['REDIS_URL', 'unix://joe:hunter2%@/run/redis.sock'],
    ['REDEPLOYSTER_SECRET', 'hunter2'],
    ['REDEPLOYSTER_ADMIN_TOKEN', 'hunter2'],
  ])('refuses %s=%s without showing it', (variable, text) => {
    const [problem, ...more] = problemsOf(() => readEnv({ [variable]: text }))
    expect(problem).toMatch(new RegExp(`^${variable}: expected `))
    expect(problem).not.toContain('hunter2')
    expect(more).toEqual([])
  })

  it('lists every problem at once', () => {
    const wrong = { PORT: 'x', LOG_LEVEL: 'loud', STATE_DIR: 'state', REDEPLOYSTER_SECRET_FILE: '/nowhere' }
    const needs = { REDIS_URL: 'not set; set it' }
    const problems = problemsOf(() => readEnv(wrong, { needs, writesState: true }))
    const variables = problems.map((problem) => problem.split(':')[0]).sort()
    expect(variables).toEqual(['LOG_LEVEL', 'PORT', 'REDEPLOYSTER_SECRET_FILE', 'REDIS_URL', 'STATE_DIR'])
  })

  it('shows a value of many lines on one short line', () => {
    const [problem = ''] = problemsOf(() => readEnv({ PORT: `1\n2${'x'.repeat(1000)}` }))
    expect(problem).toContain('(got "1\\n2xxx')
    expect(problem.length).toBeLessThan(200)
  })

  it('finds a slip in the name of a variable of ours, and leaves other names alone', () => {
    const source = {
      REDEPLOYSTER_SECRT: secret,
      REDEPLOYSTER_ADMINTOKEN: secret,
      REDEPLOYSTER_URL: 'x',
      PROT: '1',
    }
    expect(problemsOf(() => readEnv(source))).toEqual([
      'REDEPLOYSTER_SECRT: there is no such variable; did you mean REDEPLOYSTER_SECRET?',
      'REDEPLOYSTER_ADMINTOKEN: there is no such variable; did you mean REDEPLOYSTER_ADMIN_TOKEN?',
    ])
  })

  it.each(secretVariables)('reads %s from the file that %s_FILE names', (variable) => {
    const file = path.join(folder, 'secret')
    const value = variable === 'REDIS_URL' ? 'redis://cache' : secret
    fs.writeFileSync(file, `${value}\n`)
    expect(readEnv({ [`${variable}_FILE`]: file })[variable]).toBe(value)
  })

  it('refuses a secret given twice, an empty file and one that is not there', () => {
    const empty = path.join(folder, 'empty')
    fs.writeFileSync(empty, '\n')
    const twice = { REDEPLOYSTER_ADMIN_TOKEN: secret, REDEPLOYSTER_ADMIN_TOKEN_FILE: '/nowhere' }
    const source = { ...twice, REDEPLOYSTER_SECRET_FILE: empty, REDIS_URL_FILE: folder }
    expect(problemsOf(() => readEnv(source)).sort()).toEqual([
      'REDEPLOYSTER_ADMIN_TOKEN: set it or REDEPLOYSTER_ADMIN_TOKEN_FILE, not both',
      'REDEPLOYSTER_ADMIN_TOKEN_FILE: cannot read "/nowhere" (ENOENT)',
      `REDEPLOYSTER_SECRET_FILE: "${empty}" is empty`,
      `REDIS_URL_FILE: cannot read "${folder}" (EISDIR)`,
    ])
  })

  it('asks for what a command needs, however it may be given', () => {
    const needs = { REDIS_URL: 'not set', REDEPLOYSTER_SECRET: 'not set' }
    const file = path.join(folder, 'secret')
    fs.writeFileSync(file, secret)
    const read = () => readEnv({ REDEPLOYSTER_SECRET_FILE: file }, { needs, writesState: false })
    expect(problemsOf(read)).toEqual(['REDIS_URL: not set'])
  })

  it('keeps its state in the home of a user, or where XDG says; that of root is the system', () => {
    const isRoot = process.getuid?.() === 0
    const stateDir = (env: NodeJS.ProcessEnv) => readEnv(env).STATE_DIR
    const [system, home, xdg] = ['/var/lib', '/home/me/.local/state', '/state'].map(
      (it) => `${it}/redeployster`,
    )
    expect(stateDir({ HOME: '/home/me' })).toBe(isRoot ? system : home)
    expect(stateDir({ HOME: '/home/me', XDG_STATE_HOME: '/state' })).toBe(isRoot ? system : xdg)
    expect(stateDir({ HOME: '/home/me', XDG_STATE_HOME: 'relative' })).toBe(isRoot ? system : home)
  })

  it('looks whether the state directory can be made, before it is there', () => {
    const file = path.join(folder, 'file')
    fs.writeFileSync(file, '')
    const read = (stateDir: string) => () =>
      readEnv({ STATE_DIR: stateDir }, { needs: {}, writesState: true })
    expect(problemsOf(read(path.join(folder, 'not/yet')))).toEqual([])
    expect(problemsOf(read(path.join(file, 'below')))).toEqual([`STATE_DIR: ${file} is not a folder`])
  })

  it('throws nothing but a ConfigError, and shows no secret, whatever the environment holds', () => {
    const names = [...Object.keys(envSchema.shape), ...secretVariables.map((it) => `${it}_FILE`)]
    const value = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.ipV6(),
      fc.constant('/'),
    )
    const environments = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value)
    const property = fc.property(environments, fc.boolean(), (source, writesState) => {
      const problems = problemsOf(() => readEnv(source, { needs: {}, writesState }))
      const long = secretVariables
        .flatMap((variable) => source[variable] ?? [])
        .filter((it) => it.length > 20)
      expect(problems.filter((problem) => long.some((it) => problem.includes(it)))).toEqual([])
    })
    fc.assert(property, { numRuns: 1000 })
  })
})
