import { notice } from '@redeployster/shared/contract/log-line'
import type { Show } from './show.ts'

type Write = (text: string) => void

/** For programs: one object on each line, and what is only for people beside it. */
export function showJson(write: Write, writeBeside: Write): Show {
  const print = (object: object) => write(`${JSON.stringify(object)}\n`)
  return {
    begin: (job) => print({ type: 'job', ...job }),
    lines: (lines) => lines.forEach(({ number, text }) => print({ type: 'line', number, text })),
    aside: (text) => writeBeside(`${text}\n`),
    note: (text) => writeBeside(`${notice(text)}\n`),
    end: (ending, job) => print({ type: 'verdict', ...job, ...ending }),
    fail: (message, exitCode) => print({ type: 'error', exitCode, message }),
    close: () => {},
  }
}
