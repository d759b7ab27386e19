import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ShellOptions {
  /** The shell and its options, as a runner of a CI system gives them. */
  readonly words?: readonly [string, ...string[]]
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a line as a person would type it in a shell, in a folder that is also its home. */
export async function shell(line: string, folder: string, options: ShellOptions = {}): Promise<Ended> {
  const { words: [file, ...words] = ['bash'], env } = options
  return run([file, ...words, '-c', line], folder, env)
}

/** Runs a command with nothing of our own environment but PATH. */
export async function run(
  [file, ...words]: readonly [string, ...string[]],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { PATH = '' } = process.env
  const child = spawn(file, words, {
    cwd: folder,
    env: { PATH, HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ])
  return { code, stdout, stderr }
}
