import { execa } from 'execa'
import type { Argv } from '../compose/command.ts'
import { mayStartProcess } from './descriptors.ts'
import { runnerText } from './runner.ts'

/** Runs a command by a runner. Resolves, when that has ended, to whether nobody killed it. */
export type Run = (folder: string, argv: Argv) => Promise<boolean>

type Shell = ReturnType<typeof startShell>

/**
 * One shell always waits for its step: to start a process takes the longer the more memory the worker has, and no deploy
 * waits for that. It ends when the worker does, with the end of its input. `env` is compose's whole environment.
 */
export function createRunners(env: Readonly<Record<string, string>>, signal: AbortSignal): Run {
  let ready: Shell | undefined
  const makeReady = () => {
    if (!signal.aborted && !ready && mayStartProcess()) ready = startShell(env)
  }
  makeReady()
  signal.addEventListener('abort', () => ready?.stdin.end())

  return async (folder, argv) => {
    makeReady()
    const shell = ready
    if (!shell) return false
    ready = undefined
    shell.stdin.end(runnerText(folder, argv))
    // Not before the step has begun.
    setImmediate(makeReady)
    return (await shell).exitCode === 0
  }
}

function startShell(env: Readonly<Record<string, string>>) {
  return execa('sh', ['-s', 'redeployster-runner'], {
    env,
    extendEnv: false,
    cwd: '/',
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
    reject: false,
    detached: true,
    cleanup: false,
  })
}
