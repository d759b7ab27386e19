import { describe, expect, it } from 'vitest'
import { servicesFromContainers, type Container } from './services-from-containers.ts'

const compose = (name: string) => `com.docker.compose.${name}`

function container(labels: Record<string, string> = {}, rest: Partial<Container> = {}): Container {
  return {
    id: 'c1',
    created: 1000,
    image: 'hello:1',
    imageId: 'sha256:1',
    state: 'running',
    status: 'Up 3 minutes',
    ...rest,
    labels: {
      [compose('project')]: 'shop',
      [compose('service')]: 'hello',
      [compose('oneoff')]: 'False',
      ...labels,
    },
  }
}

describe('a service', () => {
  it('is what compose wrote into its container', () => {
    const labels = {
      'redeployster.token': 'dolphin',
      [compose('project.working_dir')]: '/srv/shop',
      [compose('project.config_files')]: '/srv/shop/compose.yaml',
      [compose('project.environment_file')]: '/srv/shop.env',
    }
    expect(servicesFromContainers([container(labels)])).toEqual([
      {
        project: 'shop',
        service: 'hello',
        image: 'hello:1',
        health: 'running',
        labels: container(labels).labels,
        location: {
          project: 'shop',
          workingDir: '/srv/shop',
          configFiles: '/srv/shop/compose.yaml',
          environmentFile: '/srv/shop.env',
        },
      },
    ])
  })

  it('is as its newest container shows it', () => {
    const containers = [
      container({}, { image: 'hello:1', created: 1000 }),
      container({}, { image: 'hello:3', created: 3000 }),
      container({}, { image: 'hello:2', created: 2000 }),
    ]
    expect(servicesFromContainers(containers)).toMatchObject([{ image: 'hello:3' }])
  })

  it('is another one in another project', () => {
    const containers = [container(), container({ [compose('project')]: 'blog' })]
    expect(servicesFromContainers(containers).map(({ project }) => project)).toEqual(['shop', 'blog'])
  })

  it.each([
    { status: 'Up 3 minutes (healthy)', state: 'running', health: 'healthy' },
    { status: 'Up 3 minutes (unhealthy)', state: 'running', health: 'unhealthy' },
    { status: 'Up 3 seconds (health: starting)', state: 'running', health: 'health: starting' },
    { status: 'Up 3 minutes', state: 'running', health: 'running' },
    { status: 'Up 3 minutes (Paused)', state: 'paused', health: 'paused' },
    { status: 'Exited (0) 3 minutes ago', state: 'exited', health: 'exited' },
  ])('has the health $health when Docker says $status', ({ status, state, health }) => {
    expect(servicesFromContainers([container({}, { status, state })])).toMatchObject([{ health }])
  })
})

describe('no service', () => {
  it.each([
    { is: 'a container of no project', labels: { [compose('project')]: '' } },
    { is: 'a name that no path can hold', labels: { [compose('service')]: 'a/b' } },
    { is: 'a project that compose would not make', labels: { [compose('project')]: 'Shop.x' } },
    { is: 'a one-off container of `docker compose run`', labels: { [compose('oneoff')]: 'True' } },
  ])('is $is', ({ labels }) => {
    expect(servicesFromContainers([container(labels, { created: 9000 }), container()])).toMatchObject([
      { image: 'hello:1' },
    ])
    expect(servicesFromContainers([container(labels)])).toEqual([])
  })
})
