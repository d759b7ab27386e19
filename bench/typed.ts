import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { testEngine } from '@redeployster/shared/testing/docker'
import type { AtEnd } from './ending.ts'

/** `docker` as a person has it in a shell: with compose as its plugin. */
export interface DockerCli {
  readonly env: Record<string, string>
  /** Types a command in a folder; resolves to its milliseconds, and rejects when it fails. */
  type(command: string, directory: string): Promise<number>
}

export async function dockerCli(atEnd: AtEnd): Promise<DockerCli> {
  const { dockerHost, compose } = testEngine()
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-docker-'))
  atEnd(() => fs.rm(folder, { recursive: true, force: true }))
  await fs.mkdir(path.join(folder, 'cli-plugins'))
  await fs.symlink(compose, path.join(folder, 'cli-plugins', 'docker-compose'))
  const { PATH = '', HOME = '/root' } = process.env
  const env = { PATH, HOME, DOCKER_HOST: dockerHost, DOCKER_CONFIG: folder }
  return {
    env,
    async type(command, cwd) {
      const begunAt = performance.now()
      const child = spawn('sh', ['-c', command], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
      let text = ''
      child.stderr.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      const [code] = (await once(child, 'close')) as [number]
      if (code !== 0) throw new Error(`"${command}" ended with ${code}:\n${text}`)
      return performance.now() - begunAt
    },
  }
}
