import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8')
const configuration = read('docs/configuration.md')
const security = read('SECURITY.md')

/** What a unit sets in its section `[Service]`, in its order; one name may come several times. */
function settingsOf(role: 'api' | 'worker') {
  const [, service = ''] = read(`docs/systemd/redeployster-${role}.service`).split(/^\[Service\]$/m)
  const [own = ''] = service.split(/^\[/m)
  const pairs = [...own.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value] as const)
  return (name: string) => pairs.filter(([it]) => it === name).map(([, value]) => value)
}

describe.each(['api', 'worker'] as const)('the unit of the %s', (role) => {
  const settings = settingsOf(role)
  const variables = settings('Environment').flatMap((words) =>
    words.split(' ').map((word) => word.split('=')),
  )

  it('starts that part, again and again, but not when its configuration is wrong', () => {
    expect(settings('ExecStart')).toEqual([`/usr/bin/env redeployster ${role}`])
    expect(settings('Restart')).toEqual(['always'])
    expect(settings('RestartPreventExitStatus')).toEqual(['78'])
  })

  it('sets variables that there are', () => {
    expect(variables.length).toBeGreaterThan(1)
    for (const [name] of variables) expect(configuration).toContain(`\`${name}\``)
  })

  it('hands over each secret, and each variable that reads one has it', () => {
    const files = new Map(settings('LoadCredential').map((it) => it.split(':') as [string, string]))
    for (const file of files.values()) expect(security).toContain(file)
    const read = variables.flatMap(([, value = '']) => /^%d\/(.+)$/.exec(value)?.slice(1) ?? [])
    expect(read.sort()).toEqual([...files.keys()].sort())
  })
})

describe('the unit of the worker', () => {
  const settings = settingsOf('worker')

  it('ends the worker and leaves the deploys that run', () => {
    expect(settings('KillMode')).toEqual(['process'])
  })

  it('keeps what runs in a folder of its own, that only its user reads', () => {
    expect(settings('StateDirectory')).toEqual(['redeployster'])
    expect(settings('StateDirectoryMode')).toEqual(['0700'])
    expect(settings('Environment')).toContain('STATE_DIR=%S/redeployster')
  })

  it('is for the user that the page on security makes', () => {
    const [user = ''] = settings('User')
    expect(security).toMatch(new RegExp(`^useradd .* ${user}$`, 'm'))
    expect(settings('SupplementaryGroups')).toEqual(['docker redis'])
  })
})

it('the unit of the API gives it no Docker, and a user that is there only while it runs', () => {
  const settings = settingsOf('api')
  expect(settings('DynamicUser')).toEqual(['yes'])
  expect(settings('SupplementaryGroups')).toEqual(['redis'])
})
