import { execa } from 'execa'
import { constants } from 'node:os'
import { mayStartProcess } from '../runner/descriptors.ts'
import type { Argv } from './command.ts'

export interface ComposeOutput {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command of compose that only reads, to its end. */
export type RunCompose = (argv: Argv) => Promise<ComposeOutput>

/** A file can be written so that compose never comes to its end. */
const readingTakesAtMostMs = 30_000

export function createRunCompose(
  env: Readonly<Record<string, string>>,
  atMostMs = readingTakesAtMostMs,
): RunCompose {
  return async ([file, ...words]) => {
    if (!mayStartProcess()) return { exitCode: 126, stdout: '', stderr: `${file}: no free file descriptor` }
    const result = await execa(file, words, {
      env,
      extendEnv: false,
      // A `.env` in the current folder would be read as well: this is one where only root can write.
      cwd: '/',
      stdin: 'ignore',
      reject: false,
      timeout: atMostMs,
    })
    const { stdout, stderr } = result
    if (result.timedOut) {
      return { exitCode: 124, stdout, stderr: `${stderr}\nno answer within ${atMostMs / 1000} s` }
    }
    if (result.signal !== undefined) {
      return {
        exitCode: 128 + constants.signals[result.signal],
        stdout,
        stderr: result.shortMessage ?? stderr,
      }
    }
    if (result.exitCode === undefined) {
      // Not there, or there but not to be started now: no descriptor or no process is free, or it is no program.
      return { exitCode: result.code === 'ENOENT' ? 127 : 126, stdout, stderr: result.shortMessage ?? stderr }
    }
    return { exitCode: result.exitCode, stdout, stderr }
  }
}
