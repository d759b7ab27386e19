import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { ask } from './http.ts'

interface RunningClient {
  stdout(): string
  stderr(): string
  /** The exit code, when all that it printed is here. */
  readonly ended: Promise<number | null>
  kill(signal: NodeJS.Signals): void
}

/** The client as a runner with nothing but Node has it: one file, in a folder of its own. */
export interface ClientFolder {
  readonly path: string
  run(words: readonly string[], env: Record<string, string>): RunningClient
  remove(): Promise<void>
}

/** Takes the client from an API, as it was built. */
export async function fetchClient(url: string): Promise<ClientFolder> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-runner-'))
  const { status, body } = await ask('GET', `${url}/client.mjs`).answer
  if (status !== 200) throw new Error(`The API has no client, so build it: ${body}`)
  await fs.writeFile(path.join(folder, 'r.mjs'), body)
  return {
    path: folder,
    run: (words, env) => runIn(folder, words, env),
    remove: () => fs.rm(folder, { recursive: true, force: true }),
  }
}

function runIn(folder: string, words: readonly string[], env: Record<string, string>): RunningClient {
  const child = spawn(process.execPath, ['r.mjs', ...words], {
    cwd: folder,
    env: { PATH: '', HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (printed[name] += text))
  }
  return {
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    ended: once(child, 'close').then(([code]) => code as number | null),
    kill: (signal) => void child.kill(signal),
  }
}
