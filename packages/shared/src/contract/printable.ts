import { withoutForgery } from './log-line.ts'

/**
 * A text in which nothing moves a cursor, changes a terminal, begins a line or turns the direction of reading: such
 * characters are written as `\u001b`. Tabs stay.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /(?!\t)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
    (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** ECMA-48: colours, and other things that mean nothing without a terminal. */
// oxlint-disable-next-line no-control-regex
const controlSequence = /\u001b\[[0-?]*[ -/]*[@-~]/g

/** Most lines are so, and are shown as they stand: one look at them costs less than a search for all that is odd. */
const plain = /^[\t -~]*$/

/** A stored line as a person may see it. Only our own lines begin with our name, whatever was in front of it. */
export function shownLine(line: string): string {
  if (plain.test(line)) return line
  const shown = printable(line.replaceAll(controlSequence, ''))
  return line.startsWith('redeployster:') ? shown : withoutForgery(shown)
}
