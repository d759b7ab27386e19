import { exitCodeLine, notice } from '@redeployster/shared/contract/log-line'
import { printable } from '@redeployster/shared/contract/printable'
import type { Show } from './show.ts'
import { isWorthKeeping, unsaidReason } from './words.ts'

type Write = (text: string) => void

/** Whole lines without colours, for a log that is kept: what the API streams to curl. What we say ourselves is beside it. */
export function showPlain(write: Write, writeBeside: Write): Show {
  let recent: readonly string[] = []
  let lastAside = ''
  const beside = (text: string) => writeBeside(`${printable(text)}\n`)
  return {
    begin: () => {},
    lines(lines) {
      const texts = lines.map(({ text }) => printable(text))
      write(texts.map((text) => `${text}\n`).join(''))
      recent = [...recent, ...texts].slice(-10)
    },
    aside(text) {
      if (text !== lastAside && isWorthKeeping(text)) beside(text)
      lastAside = text
    },
    note: (text) => beside(notice(text)),
    end(ending) {
      const reason = unsaidReason(ending, recent)
      if (reason !== undefined) write(`${reason}\n`)
      // The same that every stream of the API ends with.
      write(`${exitCodeLine(ending.id, ending.exitCode)}\n`)
    },
    fail: (reason) => beside(notice(reason)),
    close: () => {},
  }
}
