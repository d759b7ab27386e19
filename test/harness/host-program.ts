import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { testEngine } from '@redeployster/shared/testing/docker'

export interface HostProgram {
  readonly command: readonly string[]
  readonly image?: string
  readonly env?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly dependsOn?: readonly string[]
}

const root = new URL('../../', import.meta.url).pathname

/**
 * A compose service that runs a program of this machine, on its loopback: nothing has to be pulled or built. It sees the
 * machine's programs, this clone, the folder of temporary files and the engine's socket under the paths they have here.
 */
export function hostProgram(program: HostProgram): object {
  const { command, image = 'fixture/busybox:1', env = {}, labels = {}, dependsOn = [] } = program
  return {
    image,
    network_mode: 'host',
    init: true,
    command,
    environment: { PATH: '/usr/bin:/bin', HOME: '/root', ...env },
    labels,
    depends_on: dependsOn,
    volumes: [...seen().map((folder) => `${folder}:${folder}:ro`), `${os.tmpdir()}:${os.tmpdir()}`],
  }
}

function seen(): readonly string[] {
  const { dockerHost, compose } = testEngine()
  const socket = dockerHost.replace('unix://', '')
  const folders = [
    '/usr',
    '/lib',
    '/lib64',
    path.dirname(process.execPath),
    path.dirname(compose),
    root,
    socket,
  ]
  return [...new Set(folders)].filter((folder) => fs.existsSync(folder))
}
