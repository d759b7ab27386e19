import { serviceName, projectName } from '@redeployster/shared/contract/service'
import {
  createProject,
  describeWithEngine,
  removeProjects,
  testEngine,
} from '@redeployster/shared/testing/docker'
import path from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { resolveService } from './resolve.ts'
import { createRunCompose } from './run-compose.ts'

async function resolve(yaml: string, service = 'hello') {
  const { name, directory } = await createProject({ yaml })
  const { compose, dockerHost } = testEngine()
  const run = createRunCompose({ PATH: process.env.PATH ?? '', DOCKER_HOST: dockerHost })
  const files = [path.join(directory, 'compose.yaml')]
  const project = { name: projectName.parse(name), directory, files, envFiles: [] }
  return resolveService(run, [compose], project, serviceName.parse(service))
}

describeWithEngine('what compose says of a service', () => {
  afterEach(removeProjects)

  it.each([
    ['a map', '{ redeployster.token: dolphin }'],
    ['a list', '["redeployster.token=dolphin"]'],
  ])('names the unset variables of a service whose labels are %s', async (_, labels) => {
    const yaml = `
      services:
        hello: { <<: *base, labels: ${labels}, environment: { TAG: "$TAG" } }
    `
    expect(await resolve(yaml)).toMatchObject({ unset: ['TAG'], labels: { 'redeployster.token': 'dolphin' } })
  })

  it.each([
    ['has a default', '${TAG:-1}'],
    ['is an escaped dollar sign', '$$TAG'],
  ])('does not miss a variable that %s', async (_, text) => {
    const yaml = `
      services:
        hello: { <<: *base, environment: { TAG: "${text}" } }
    `
    expect(await resolve(yaml)).toMatchObject({ unset: [] })
  })

  it('does not miss a variable that only another service uses', async () => {
    const yaml = `
      services:
        hello: { <<: *base, depends_on: [db] }
        db: { <<: *base }
        other: { <<: *base, environment: { TAG: "$TAG" } }
    `
    expect(await resolve(yaml)).toMatchObject({ unset: [], lane: expect.arrayContaining(['db', 'hello']) })
  })

  it.each([
    ['depends_on', 'depends_on: [db]'],
    ['links', 'links: [db]'],
    ['volumes_from', 'volumes_from: [db]'],
    ['a shared network', 'network_mode: "service:db"'],
    ['a shared process namespace', 'pid: "service:db"'],
  ])('counts %s as part of the lane', async (_, relation) => {
    const yaml = `
      services:
        hello: { <<: *base, ${relation} }
        db: { <<: *base }
        other: { <<: *base }
    `
    const resolved = await resolve(yaml)
    expect('lane' in resolved && [...resolved.lane].sort()).toEqual(['db', 'hello'])
  })

  it('gives labels with a dollar sign as they are in the container', async () => {
    const yaml = `
      services:
        hello: { <<: *base, labels: { redeployster.token: "a$$b" } }
    `
    expect(await resolve(yaml)).toMatchObject({ labels: { 'redeployster.token': 'a$b' } })
  })

  it.each([
    ['bad YAML', 'services: [', 15],
    ['a service that is not there', 'services: { other: { image: x } }', 1],
  ])('is its own exit code and words for %s', async (_, yaml, exitCode) => {
    expect(await resolve(yaml)).toMatchObject({ exitCode, output: expect.stringMatching(/\S/) })
  })
})
