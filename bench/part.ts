import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import type { AtEnd } from './ending.ts'

/** A process of the bundle whose log goes to a file, as a service manager would have it: nobody here has to read it. */
export interface LoggedPart {
  readonly pid: number
  readonly exited: Promise<unknown>
  /** The end of its log. */
  lastWords(): string
  stop(): Promise<void>
}

const bundle = new URL('../packages/cli/bundle/main.js', import.meta.url).pathname
const mostStoppingMs = 15_000

/** `BENCH_PROFILE=FOLDER` leaves a profile there of each process, for Chrome's developer tools. */
const { BENCH_PROFILE: profiles } = process.env
const profiling =
  profiles === undefined ? [] : ['--cpu-prof', '--cpu-prof-interval', '200', '--cpu-prof-dir', profiles]

export function startPart(atEnd: AtEnd, role: string, env: Record<string, string>, log: string): LoggedPart {
  const { PATH = '' } = process.env
  const file = fs.openSync(log, 'a')
  const child = spawn(process.execPath, [...profiling, bundle, role], {
    env: { PATH, ...env },
    stdio: ['ignore', file, file],
  })
  fs.closeSync(file)
  const exited = once(child, 'exit')
  const { pid } = child
  if (pid === undefined) throw new Error(`Cannot start ${bundle}`)
  const part: LoggedPart = {
    pid,
    exited,
    lastWords: () => fs.readFileSync(log, 'utf8').slice(-4000),
    async stop() {
      // Only the polite way ends its private Redis, too.
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), mostStoppingMs)
      await exited
      clearTimeout(timer)
    },
  }
  atEnd(() => part.stop())
  return part
}
