import { serviceName, projectName } from '@redeployster/shared/contract/service'
import {
  createProject,
  describeWithEngine,
  removeProjects,
  testEngine,
} from '@redeployster/shared/testing/docker'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createResolveService, readProject } from './resolve.ts'
import { createRunCompose } from './run-compose.ts'

interface Given {
  readonly service?: string
  /** Further files of the project. */
  readonly others?: Readonly<Record<string, string>>
  /** Files that stand behind `-f` and `--env-file`. */
  readonly files?: readonly string[]
  readonly envFiles?: readonly string[]
  readonly withDependencies?: boolean
}

async function resolve(yaml: string, given: Given = {}) {
  const {
    service = 'hello',
    others = {},
    files = ['compose.yaml'],
    envFiles = [],
    withDependencies = true,
  } = given
  const { name, directory, write } = await createProject({ yaml })
  for (const [file, text] of Object.entries(others)) await write(file, text)
  const { compose, dockerHost } = testEngine()
  const run = createRunCompose({ PATH: process.env.PATH ?? '', DOCKER_HOST: dockerHost })
  const inside = (file: string) => path.join(directory, file)
  const project = {
    name: projectName.parse(name),
    directory,
    files: files.map(inside),
    envFiles: envFiles.map(inside),
  }
  const asked = [serviceName.parse(service), { withDependencies }] as const
  const resolved = await createResolveService(run, [compose])(project, ...asked)
  // Whatever these tests ask for, the answer for all services says the same or nothing.
  const all = await readProject(run, [compose], project)
  const ofAll = 'service' in all ? await all.service(...asked) : undefined
  expect(ofAll ?? resolved).toEqual(resolved)
  isToldByAll = ofAll !== undefined
  return resolved
}

/** Whether compose need not have been asked for the service alone. */
let isToldByAll: boolean

async function laneOf(yaml: string, given?: Given) {
  const resolved = await resolve(yaml, given)
  return 'lane' in resolved && [...resolved.lane].sort()
}

async function unsetIn(yaml: string, given?: Given) {
  const resolved = await resolve(yaml, given)
  return 'unset' in resolved && [...resolved.unset].sort()
}

describeWithEngine('what compose says of a service', () => {
  afterEach(removeProjects)

  describe('is its lane, which', () => {
    it.each([
      ['depends_on', 'depends_on: [db]'],
      [
        'depends_on, even if not required',
        'depends_on: { db: { condition: service_started, required: false } }',
      ],
      ['links', 'links: [db]'],
      ['volumes_from', 'volumes_from: [db]'],
      ['a shared network', 'network_mode: "service:db"'],
      ['a shared process namespace', 'pid: "service:db"'],
      ['a shared ipc namespace', 'ipc: "service:db"'],
    ])('grows by %s', async (_, relation) => {
      const yaml = `
        services:
          hello: { <<: *base, ${relation} }
          db: { <<: *base }
          other: { <<: *base, depends_on: [hello] }
      `
      expect(await laneOf(yaml)).toEqual(['db', 'hello'])
      expect(isToldByAll).toBe(true)
    })

    it('holds what its dependencies depend on', async () => {
      const yaml = `
        services:
          hello: { <<: *base, depends_on: [queue] }
          queue: { <<: *base, network_mode: "service:db" }
          db: { <<: *base, volumes_from: [data] }
          data: { <<: *base }
      `
      expect(await laneOf(yaml)).toEqual(['data', 'db', 'hello', 'queue'])
    })

    it('is known from all services that compose shows, if it shows all that the service depends on', async () => {
      const yaml = `
        services:
          hello: { <<: *base, depends_on: { db: { condition: service_started, required: false } } }
          db: { <<: *base, profiles: [jobs] }
          alone: { <<: *base }
          needy: { <<: *base, depends_on: [alone] }
      `
      expect(await laneOf(yaml)).toEqual(['hello'])
      expect(isToldByAll).toBe(false)
      expect(await laneOf(yaml, { service: 'db' })).toEqual(['db'])
      expect(isToldByAll).toBe(false)
      expect(await laneOf(yaml, { service: 'needy' })).toEqual(['alone', 'needy'])
      expect(isToldByAll).toBe(true)
    })

    it('is the service alone when nothing is needed, whatever it is called', async () => {
      const yaml = `
        services:
          --help: { <<: *base }
          other: { <<: *base }
      `
      expect(await laneOf(yaml, { service: '--help' })).toEqual(['--help'])
    })

    it('is the service alone when its dependencies are to be left alone', async () => {
      const yaml = `
        services:
          hello: { <<: *base, depends_on: [db] }
          db: { <<: *base, user: "$TAG" }
      `
      expect(await resolve(yaml, { withDependencies: false })).toMatchObject({ lane: ['hello'], unset: [] })
    })

    it('is that of a service whose profile is not active, too', async () => {
      const yaml = `
        services:
          hello: { <<: *base, profiles: [jobs], depends_on: [db] }
          db: { <<: *base, profiles: [jobs] }
      `
      expect(await laneOf(yaml)).toEqual(['db', 'hello'])
    })

    it('is that of all its files together', async () => {
      const yaml = `
        services:
          hello: { <<: *base }
      `
      const more = `
        services:
          hello: { depends_on: [db] }
          db: { <<: *base }
      `
      const files = ['compose.yaml', 'more.yaml']
      expect(await laneOf(yaml, { others: { 'more.yaml': more } })).toEqual(['hello'])
      expect(await laneOf(yaml, { others: { 'more.yaml': more }, files })).toEqual(['db', 'hello'])
    })
  })

  describe('is its labels', () => {
    const labelled = (labels: string) => `
      services:
        hello: { <<: *base, labels: ${labels} }
    `

    it.each([
      ['a map', '{ redeployster.token: dolphin }', 'dolphin'],
      ['a list', '["redeployster.token=dolphin"]', 'dolphin'],
      ['a number', '{ redeployster.token: 1234 }', '1234'],
      ['a text with dollar signs', '{ redeployster.token: "a$$b$$$$c" }', 'a$b$$c'],
      ['a variable with a default', '{ redeployster.token: "${TOKEN:-dolphin}" }', 'dolphin'],
    ])('as the container has them, from %s', async (_, labels, token) => {
      expect(await resolve(labelled(labels))).toMatchObject({ labels: { 'redeployster.token': token } })
    })

    it('of which a later file may change some', async () => {
      const others = { 'more.yaml': labelled('{ redeployster.deps: "false", redeployster.token: porpoise }') }
      const files = ['compose.yaml', 'more.yaml']
      const resolved = await resolve(labelled('{ redeployster.token: dolphin, a: b }'), { others, files })
      const labels = { 'redeployster.token': 'porpoise', 'redeployster.deps': 'false', a: 'b' }
      expect(resolved).toMatchObject({ labels })
    })

    it.each([
      ['the project’s own .env', { others: { '.env': 'TOKEN=dolphin' } }],
      ['an env file', { others: { 'a.env': 'TOKEN=dolphin' }, envFiles: ['a.env'] }],
      [
        'the last env file',
        { others: { '.env': 'TOKEN=x', a: 'TOKEN=y', b: 'TOKEN=dolphin' }, envFiles: ['a', 'b'] },
      ],
    ])('with variables from %s', async (_, given) => {
      const resolved = await resolve(labelled('{ redeployster.token: "$TOKEN" }'), given)
      expect(resolved).toMatchObject({ labels: { 'redeployster.token': 'dolphin' }, unset: [] })
    })

    it('of which there may be none', async () => {
      expect(await resolve(labelled('{}'))).toMatchObject({ labels: {} })
    })
  })

  describe('is which variables are missing:', () => {
    it.each([
      ['$TAG', ['TAG']],
      ['${TAG}', ['TAG']],
      ['$$$TAG', ['TAG']],
      ['${TAG:-${DEFAULT}}', ['DEFAULT']],
      ['${TAG:-1}', []],
      ['${TAG-}', []],
      ['${TAG:+1}', []],
      ['$$TAG', []],
    ])('in %s they are %j', async (text, unset) => {
      const yaml = `
        services:
          hello: { <<: *base, environment: { TAG: "${text}" } }
      `
      expect(await unsetIn(yaml)).toEqual(unset)
    })

    it.each([
      ['its dependency', 'hello: { <<: *base, depends_on: [db] }', 'db: { <<: *base, user: "$TAG" }'],
      ['its labels, a list', 'hello: { <<: *base, labels: ["redeployster.token=$TAG"] }', ''],
      ['its inactive profile', 'hello: { <<: *base, profiles: [jobs], user: "$TAG" }', ''],
      ['what it extends', 'hello: { extends: other }', 'other: { <<: *base, user: "$TAG" }'],
      [
        'its volume’s name',
        'hello: { <<: *base, volumes: ["data:/data"] }',
        'volumes: { data: { name: "data-$TAG" } }',
      ],
      ['its secret', 'hello: { <<: *base, secrets: [s] }', 'secrets: { s: { file: "./$TAG.txt" } }'],
      ['its config', 'hello: { <<: *base, configs: [c] }', 'configs: { c: { content: "$TAG" } }'],
      ['its network', 'hello: { image: x }', 'networks: { default: { name: "net-$TAG" } }'],
    ])('%s counts', async (_, hello, other) => {
      const isSection = /^(volumes|secrets|configs|networks):/.test(other)
      const yaml = `
        services:
          ${hello}
          ${isSection ? '' : other}
        ${isSection ? other : ''}
      `
      expect(await unsetIn(yaml)).toEqual(['TAG'])
    })

    it('those of others do not count', async () => {
      const yaml = `
        name: shop-$NAME
        x-common: { environment: { TAG: "$TAG" } }
        services:
          hello: { <<: *base, depends_on: [db] }
          db: { <<: *base }
          other: { <<: *base, environment: { TAG: "$TAG" }, volumes: ["data:/data"] }
        volumes: { data: { name: "data-$TAG" } }
      `
      expect(await unsetIn(yaml)).toEqual([])
    })
  })

  it.each([
    ['bad YAML', 'services: [', 15],
    ['a service that is not there', 'services: { other: { image: x } }', 1],
    ['a variable that the file demands', 'services: { hello: { image: "x:${TAG:?set it}" } }', 15],
    ['a circle', 'services: { hello: { image: x, depends_on: [hello] } }', 15],
  ])('is its own exit code and words for %s', async (_, yaml, exitCode) => {
    expect(await resolve(yaml)).toMatchObject({ exitCode, output: expect.stringMatching(/\S/) })
  })

  it('is that a file is gone', async () => {
    const gone = await resolve('services: {}', { files: ['gone.yaml'] })
    expect(gone).toMatchObject({ exitCode: 14, output: expect.stringContaining('gone.yaml') })
  })
})
