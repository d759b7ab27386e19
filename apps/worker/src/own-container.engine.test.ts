import {
  createProject,
  describeWithEngine,
  docker,
  removeProjects,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { afterEach, expect, it } from 'vitest'
import { look } from './testing/look.ts'

const labels = 'labels: { redeployster.token: dolphin }'
const yaml = `
  services:
    worker: { <<: *base, ${labels} }
    front: { <<: *base, ${labels}, depends_on: [worker] }
    alone: { <<: *base, labels: { redeployster.token: dolphin, redeployster.deps: "false" }, depends_on: [worker] }
    below: { <<: *base, ${labels} }
`

async function start() {
  const project = await createProject({ yaml: yaml.replace('worker: {', 'worker: { depends_on: [below],') })
  await project.up()
  return { project, ownIds: new Set([await idOf(project, 'worker')]) }
}

const idOf = ({ compose }: TestProject, service: string) => compose('ps', '-q', service)

describeWithEngine('a worker in a container', () => {
  afterEach(removeProjects)

  it('refuses to deploy its own service', async () => {
    const { project, ownIds } = await start()
    expect(await look(project, { service: 'worker', ownIds })).toEqual({
      kind: 'rejected',
      reason:
        'the worker runs in a container of this service, and compose would die with it half way: ' +
        `run \`docker compose up -d -- worker\` in ${project.directory} by hand, or run the worker on the host`,
    })
  })

  it('refuses a service that depends on its own, unless that is left alone', async () => {
    const { project, ownIds } = await start()
    expect(await look(project, { service: 'front', ownIds })).toEqual({
      kind: 'rejected',
      reason: expect.stringMatching(
        /^the worker runs in a container of worker, on which .* label this service redeployster\.deps=false, or run/,
      ),
    })
    expect(await look(project, { service: 'alone', ownIds })).toMatchObject({ kind: 'ready' })
  })

  it('deploys what it depends on itself', async () => {
    const { project, ownIds } = await start()
    expect(await look(project, { service: 'below', ownIds })).toMatchObject({ kind: 'ready' })
  })

  it('deploys the service of the same name in another project', async () => {
    const [{ ownIds }, { project }] = [await start(), await start()]
    expect(await look(project, { service: 'worker', ownIds })).toMatchObject({ kind: 'ready' })
  })

  it('deploys the service that it was started from with `docker compose run`', async () => {
    const { project } = await start()
    await project.compose('run', '-d', '--no-deps', 'worker')
    const oneOff = await docker('ps', '-q', '--no-trunc', '--filter', `label=com.docker.compose.oneoff=True`)
    const ownIds = new Set(oneOff.split('\n'))
    expect(await look(project, { service: 'worker', ownIds })).toMatchObject({ kind: 'ready' })
  })
})
