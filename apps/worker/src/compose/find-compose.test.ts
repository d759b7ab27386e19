import { ConfigError } from '@redeployster/shared/runtime/env'
import { describeWithEngine, testEngine } from '@redeployster/shared/testing/docker'
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import type { Argv } from './command.ts'
import { candidates, findCompose } from './find-compose.ts'
import { createRunCompose } from './run-compose.ts'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

/** An executable in the folder that answers to `version --short`. */
function install(name: string, answer: string, exitCode = 0): string {
  const file = path.join(folder, name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, `#!/bin/sh\necho '${answer}'\nexit ${exitCode}\n`, { mode: 0o755 })
  return file
}

/** What is found on a machine with nothing on PATH and at home but what was installed in the folder. */
function find(given?: Argv) {
  const env = { PATH: folder, HOME: folder }
  return findCompose(createRunCompose(env), given, env)
}

const plugin = '.docker/cli-plugins/docker-compose'
/** Not one of the machine's own plugins, which may be there or not. */
const mine = ([file]: Argv) => file.startsWith(folder) || !file.startsWith('/')

describe('compose', () => {
  it('is looked for as a plugin first, which answers faster than the command that starts it', () => {
    const file = install(plugin, '2.26.1')
    expect(candidates({ HOME: folder }).filter(mine)).toEqual([
      [file],
      ['docker-compose'],
      ['docker', 'compose'],
    ])
  })

  it.each(['2.26.1', 'v2.40.3', '5.0.0', '2.26.1-4'])('may say that its version is %s', async (answer) => {
    const file = install('my-compose', answer)
    expect(await find([file])).toEqual({ command: [file], version: answer.replace('v', '') })
  })

  it('may be a command of several words', async () => {
    const file = install('docker', '2.26.1')
    expect(await find([file, 'compose'])).toMatchObject({ command: [file, 'compose'] })
  })

  it('is what was configured or nothing, and then it says why', async () => {
    install(plugin, '2.26.1')
    const old = install('my-compose', '1.29.2')
    const broken = install('broken', '', 3)
    await expect(find([old])).rejects.toThrow(
      /COMPOSE_COMMAND: expected Docker Compose v2 .*my-compose is version 1\.29\.2/,
    )
    await expect(find([broken])).rejects.toThrow(/COMPOSE_COMMAND: .*broken failed/)
    await expect(find(['/nowhere/compose'])).rejects.toThrow(
      /COMPOSE_COMMAND: .*\/nowhere\/compose failed: .*ENOENT/,
    )
    await expect(find([old])).rejects.toBeInstanceOf(ConfigError)
  })
})

describeWithEngine('the real compose', () => {
  it('is found to be v2', async () => {
    const { compose } = testEngine()
    expect(await find([compose])).toEqual({ command: [compose], version: expect.stringMatching(/^2\./) })
  })

  it.skipIf(!process.env.REDEPLOYSTER_TEST_COMPOSE_V1)('of v1 is not enough', async () => {
    const { composeV1 = '' } = testEngine()
    await expect(find([composeV1])).rejects.toThrow(/expected Docker Compose v2 .* is version 1\./)
  })
})
