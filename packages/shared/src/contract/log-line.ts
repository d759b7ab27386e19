const noticePrefix = 'redeployster: '
const longestLine = 16 * 1024
/** In bytes of UTF-8: a piece is not cut inside a character, unless it is none. */
const longestCharacter = 4

/** A line that redeployster writes itself. */
export function notice(text: string): string {
  return noticePrefix + text.replaceAll(/[\r\n]+/g, ' ')
}

/** The last line of every stream: the verdict for clients and proxies that lose the trailer. */
export function exitCodeLine(jobId: string, code: number): string {
  return notice(`job ${jobId} exit-code: ${code}`)
}

/** Only we may begin a line with `redeployster:`; a blank in front keeps all other text from forging a verdict. */
export function withoutForgery(line: string): string {
  return line.startsWith('redeployster:') ? ` ${line}` : line
}

export interface SplitText {
  readonly lines: readonly string[]
  /** Bytes of the text that the lines stand for; the rest is an unfinished line. */
  readonly length: number
}

/**
 * Cuts what compose printed into lines at `\n`, `\r\n` and `\r`, and a line of more than 16 KiB into pieces.
 * With `isEnd`, an unfinished last line counts as a line. Invalid UTF-8 becomes U+FFFD.
 */
export function splitLines(text: Buffer, isEnd: boolean): SplitText {
  const lines: string[] = []
  let start = 0
  const push = (end: number) => lines.push(withoutForgery(text.toString('utf8', start, end)))
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (byte === 0x0a) {
      push(at)
      start = at + 1
    } else if (byte === 0x0d) {
      // A carriage return at the very end may be half of `\r\n`: wait for the next byte.
      if (at + 1 === text.length && !isEnd) break
      push(at)
      if (text[at + 1] === 0x0a) at++
      start = at + 1
    } else if (at - start >= longestLine + (isContinuation(byte) ? longestCharacter : 0)) {
      push(at)
      start = at
    }
  }
  if (isEnd && start < text.length) {
    push(text.length)
    start = text.length
  }
  return { lines, length: start }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
