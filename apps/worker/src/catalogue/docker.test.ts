import {
  createProject,
  describeWithEngine,
  docker as dockerCommand,
  removeProjects,
  testEngine,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connectDocker, type Docker } from './docker.ts'
import type { NamedService } from './services-from-containers.ts'

const waiting = { timeout: 20_000, interval: 10 }

const yaml = `
  services:
    hello: { <<: *base, labels: { redeployster.token: dolphin } }
    db: { <<: *base }
`

describeWithEngine('the engine', () => {
  let docker: Docker
  let project: TestProject
  beforeAll(async () => {
    docker = connectDocker(testEngine().dockerHost)
    project = await createProject({ yaml })
    await project.up()
    await project.compose('stop', 'db')
  })
  afterAll(removeProjects)

  const ours = async () =>
    (await docker.containers()).filter(({ labels }) => labels['com.docker.compose.project'] === project.name)

  it('tells who it is', async () => {
    const id = await dockerCommand('info', '--format', '{{.ID}} {{.ServerVersion}}')
    const engine = await docker.engine()
    expect(`${engine.id} ${engine.version}`).toBe(id)
  })

  it('lists the containers of compose, stopped ones too', async () => {
    const found = await ours()
    const states = found.map(({ state, labels }) => `${labels['com.docker.compose.service']} ${state}`)
    expect(states.sort()).toEqual(['db exited', 'hello running'])
    expect(found[0]).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      image: 'fixture/busybox:1',
      created: expect.any(Number),
      status: expect.any(String),
    })
  })

  it('lists those of one service only, when asked for one', async () => {
    const of = { project: project.name, service: 'hello' }
    expect(await docker.containers(of)).toMatchObject([{ labels: { 'redeployster.token': 'dolphin' } }])
    expect(await docker.containers({ ...of, service: 'hell' })).toEqual([])
    expect(await docker.containers({ ...of, project: 'other' })).toEqual([])
  })

  it('does not list what compose did not start', async () => {
    const id = await dockerCommand('create', '--network', 'none', 'fixture/busybox:1')
    const found = await docker.containers()
    await dockerCommand('rm', id)
    expect(found.map((container) => container.id)).not.toContain(id)
  })

  it.each([
    { what: 'started', words: ['start', 'db'], service: 'db' },
    { what: 'stopped', words: ['stop', 'db'], service: 'db' },
    { what: 'recreated', words: ['up', '-d', '--force-recreate', 'hello'], service: 'hello' },
    { what: 'removed', words: ['rm', '-f', 'db'], service: 'db' },
    { what: 'created', words: ['create', 'db'], service: 'db' },
  ])('tells at once of which service a container was $what', async ({ words, service }) => {
    const stopping = new AbortController()
    const onEvent = vi.fn<(of: NamedService) => void>()
    const { ended } = await docker.watch(onEvent, stopping.signal)
    await project.compose(...words)
    await vi.waitFor(() => expect(onEvent).toHaveBeenCalledWith({ project: project.name, service }), waiting)
    stopping.abort()
    await ended
  })
})

describe('an engine that is away', () => {
  const away = connectDocker('unix:///nowhere/docker.sock')

  it.each([
    { what: 'who it is', ask: () => away.engine() },
    { what: 'its containers', ask: () => away.containers() },
    { what: 'what happens', ask: () => away.watch(() => {}, new AbortController().signal) },
  ])('cannot be asked $what', async ({ ask }) => {
    await expect(ask()).rejects.toThrow('ENOENT')
  })
})
