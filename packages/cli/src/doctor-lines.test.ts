import type { PublishedRule } from '@redeployster/shared/contract/oidc-rule'
import type { ServiceReport } from '@redeployster/worker/examine'
import { describe, expect, it } from 'vitest'
import { doctorLines } from './doctor-lines.ts'
import { isDeployPossible, type DoctorReport } from './doctor-report.ts'

const redis = {
  kind: 'answers',
  version: 'Redis 7.0.15',
  place: 'at redis://cache',
  keeping: 'appendonly yes, maxmemory-policy noeviction',
  problems: [],
  warnings: [],
} as const

const well: DoctorReport = {
  node: 'v22.12.0',
  dockerHost: 'unix:///var/run/docker.sock',
  variables: {},
  engine: { version: '28.0.1' },
  compose: { version: '2.40.3', command: ['docker', 'compose'], warnings: [] },
  flock: {},
  redis,
  stateDir: { path: '/var/lib/redeployster' },
  services: [],
}

const hello: ServiceReport = {
  isDeployable: true,
  name: 'shop/hello',
  hasWeakToken: false,
  lane: ['db', 'hello'],
  commands: {
    pull: ['compose', '-f', '/srv/my shop/compose.yaml', 'pull', '--', 'hello'],
    up: ['compose', '-f', '/srv/my shop/compose.yaml', 'up', '-d', '--', 'hello'],
  },
  settings: { pull: 'auto', gateMs: 60_000, rollback: false, timeoutMs: 900_000, withDependencies: true },
}

const linesOf = (report: Partial<DoctorReport>) => doctorLines({ ...well, ...report })
const linesOfService = (service: Partial<Extract<ServiceReport, { isDeployable: true }>>) =>
  linesOf({ services: [{ ...hello, ...service }] })

describe('of the host', () => {
  it('all that is well stands in two columns', () => {
    expect(linesOf({}).slice(0, 7)).toEqual([
      'ok  node     v22.12.0',
      'ok  engine   28.0.1 at unix:///var/run/docker.sock',
      'ok  compose  2.40.3, docker compose',
      'ok  flock    installed',
      'ok  redis    Redis 7.0.15 at redis://cache, appendonly yes, maxmemory-policy noeviction',
      'ok  state    /var/lib/redeployster can be written to',
      '',
    ])
  })

  it.each<[string, Partial<DoctorReport>, readonly string[]]>([
    [
      'an old compose',
      { compose: { version: '2.26.1', command: ['docker-compose'], warnings: ['it has a hole'] } },
      ['--  compose  2.26.1, docker-compose', '             it has a hole'],
    ],
    [
      'a Redis that keeps nothing',
      { redis: { ...redis, warnings: ['its crash loses jobs'] } },
      [
        '--  redis    Redis 7.0.15 at redis://cache, appendonly yes, maxmemory-policy noeviction',
        '             its crash loses jobs',
      ],
    ],
    [
      'a Redis that serve would start',
      { redis: { kind: 'startable', program: '/usr/bin/redis-server' } },
      ['ok  redis    /usr/bin/redis-server, which serve would start; REDIS_URL is not set'],
    ],
  ])('%s leaves deploys possible', (_, report, lines) => {
    expect(linesOf(report)).toEqual(expect.arrayContaining([...lines, 'Deploys are possible.']))
    expect(isDeployPossible({ ...well, ...report })).toBe(true)
  })

  it.each<[string, Partial<DoctorReport>, readonly string[]]>([
    [
      'no engine',
      { engine: { problem: 'connect ENOENT' }, services: undefined },
      [
        '!!  engine   none answers at unix:///var/run/docker.sock: start it, or set DOCKER_HOST',
        '             connect ENOENT',
        'Services were not looked for: that takes an engine and compose.',
      ],
    ],
    [
      'no compose',
      { compose: { problem: 'Docker Compose v2 is not installed' } },
      ['!!  compose  Docker Compose v2 is not installed'],
    ],
    ['no flock', { flock: { problem: 'flock is not installed' } }, ['!!  flock    flock is not installed']],
    ['no Redis', { redis: { kind: 'unusable', problem: 'Redis is away' } }, ['!!  redis    Redis is away']],
    ['a Redis that loses jobs', { redis: { ...redis, problems: ['it evicts'] } }, ['             it evicts']],
    [
      'a folder that cannot be written to',
      { stateDir: { path: '/srv', problem: 'cannot write to /srv' } },
      ['!!  state    STATE_DIR: cannot write to /srv'],
    ],
  ])('%s makes deploys impossible', (_, report, lines) => {
    const verdict = 'Deploys are impossible until what is marked !! is mended.'
    expect(linesOf(report)).toEqual(expect.arrayContaining([...lines, verdict]))
    expect(isDeployPossible({ ...well, ...report })).toBe(false)
  })
})

describe('of the services', () => {
  it('each deployable one has the commands of a deploy, to be pasted into a shell', () => {
    expect(linesOf({ services: [hello] }).slice(7)).toEqual([
      'ok  shop/hello  deployable',
      "      pull      compose -f '/srv/my shop/compose.yaml' pull -- hello",
      "      up        compose -f '/srv/my shop/compose.yaml' up -d -- hello",
      '      lane      db, hello',
      '      settings  pull=auto gate=1m rollback=false timeout=15m',
      '',
      '1 deployable.',
      'Deploys are possible.',
    ])
  })

  it('the others have the reason, and change nothing about what is possible', () => {
    const services: ServiceReport[] = [
      hello,
      { isDeployable: false, name: 'shop/web', reason: 'its label is unknown' },
      { isDeployable: false, name: 'container 0123456789ab of example/image:1', reason: 'no service' },
    ]
    expect(linesOf({ services }).slice(12)).toEqual([
      '--  shop/web    not deployable: its label is unknown',
      '--  container 0123456789ab of example/image:1  not deployable: no service',
      '',
      '1 deployable, 2 not.',
      'Deploys are possible.',
    ])
  })

  it('the commands name an engine that a shell would not find by itself', () => {
    const lines = linesOf({ services: [hello], variables: { DOCKER_HOST: 'tcp://engine:2375' } })
    expect(lines).toContain(
      "      up        DOCKER_HOST=tcp://engine:2375 compose -f '/srv/my shop/compose.yaml' up -d -- hello",
    )
  })

  it.each([
    ['auto', 'nothing, since its image was built or imported on this host'],
    ['missing', 'nothing, since its image is here or is built'],
    ['never', 'nothing, as its label says'],
  ] as const)('one with pull=%s says why nothing is pulled', (pull, text) => {
    const lines = linesOfService({ commands: { up: ['up'] }, settings: { ...hello.settings, pull } })
    expect(lines).toContain(`      pull      ${text}`)
  })

  it('one without a gate says so', () => {
    const lines = linesOfService({ settings: { ...hello.settings, gateMs: 0, rollback: true } })
    expect(lines).toContain('      settings  pull=auto gate=none rollback=true timeout=15m')
  })

  it('one with a rule shows whose identity tokens may deploy it', () => {
    const oidc: PublishedRule = {
      issuer: 'https://ci.example.com',
      audience: 'https://deploy.example.com',
      claims: [
        ['repository', 'acme/shop'],
        ['ref', 'main'],
      ],
    }
    expect(linesOfService({ settings: { ...hello.settings, oidc } })).toContain(
      '      oidc      repository=acme/shop ref=main of https://ci.example.com for https://deploy.example.com',
    )
  })

  it('one with a weak token is told', () => {
    const lines = linesOfService({ hasWeakToken: true })
    expect(lines).toContain('      token     can be guessed: use at least 16 random characters')
  })

  it('none at all is a hint', () => {
    expect(linesOf({ services: [] })).toContain(
      'No container has a label of redeployster: add one to a service, and run `docker compose up -d` once.',
    )
  })

  it('no label reaches the terminal as a command', () => {
    const reason = 'its label redeployster.\u001b[2J\nok is unknown'
    const lines = linesOf({ services: [{ isDeployable: false, name: 'shop/web', reason }] })
    expect(lines).toContain(
      String.raw`--  shop/web  not deployable: its label redeployster.\u001b[2J\u000aok is unknown`,
    )
  })
})
