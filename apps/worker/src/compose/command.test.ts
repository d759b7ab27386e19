import { projectName, serviceName } from '@redeployster/shared/contract/service'
import { expect, it } from 'vitest'
import { configCommand, rawConfigCommand, upCommand } from './command.ts'
import type { ComposeProject } from './project.ts'

const compose = ['docker', 'compose'] as const
const shop: ComposeProject = {
  name: projectName.parse('shop'),
  directory: '/srv/my shop',
  files: ['/srv/my shop/a.yaml', '/srv/b;c.yaml'],
  envFiles: ['/srv/shop.env', '-f'],
}
const flags = ['--ansi=never', '--progress=plain', '-p', 'shop', '--project-directory', '/srv/my shop']
const files = [
  '-f',
  '/srv/my shop/a.yaml',
  '-f',
  '/srv/b;c.yaml',
  '--env-file',
  '/srv/shop.env',
  '--env-file',
  '-f',
]
const project = [...compose, ...flags, ...files]

it.each(['hello', '--help', '-d', '..', '--'])(
  'puts the service %s behind two dashes, where no name is an option',
  (name) => {
    const service = serviceName.parse(name)
    const up = upCommand(compose, shop, service, { withDependencies: true, pullsNothing: false })
    expect(up).toEqual([...project, 'up', '-d', '--', name])
    expect(configCommand(compose, shop, service)).toEqual([
      ...project,
      'config',
      '--format',
      'json',
      '--',
      name,
    ])
  },
)

const hello = serviceName.parse('hello')

it('leaves the dependencies alone when the service asks for it', () => {
  const command = upCommand(compose, shop, hello, { withDependencies: false, pullsNothing: false })
  expect(command).toEqual([...project, 'up', '-d', '--no-deps', '--', 'hello'])
})

it('fetches no image at all when the service asks for it', () => {
  const command = upCommand(compose, shop, hello, { withDependencies: true, pullsNothing: true })
  expect(command).toEqual([...project, 'up', '-d', '--pull', 'never', '--', 'hello'])
})

it('reads the files as they are written, variables and all', () => {
  expect(rawConfigCommand(compose, shop)).toEqual([
    ...project,
    'config',
    '--no-interpolate',
    '--format',
    'json',
  ])
})

it('names no env file when the project has none: compose then reads the folder’s own .env', () => {
  expect(configCommand(['compose'], { ...shop, envFiles: [] }, hello)).not.toContain('--env-file')
})
