/** What one follower has seen of a log whose lines are the numbers from 1 on, beside what we say ourselves. */
interface SeenLog {
  /** The number up to which none was missing, came twice or out of order. */
  readonly lastInOrder: number
  readonly lastLine: string
  readonly bytes: number
}

export interface LogReader {
  /** Takes the next bytes of an answer in HTTP/1.1. Throws when it is no log. */
  read(chunk: Buffer): void
  isBegun(): boolean
  seen(): SeenLog
}

const lineFeed = 10
const zero = 48
/** More than our last line is long. */
const tailBytes = 300

/** Takes the framing off and counts, with as little work as can be: a thousand of them share one process. */
export function createLogReader(): LogReader {
  let header = ''
  let expects: 'header' | 'size' | 'content' | 'line end' | 'nothing' = 'header'
  let size = ''
  /** Of the piece at hand, still to come. */
  let left = 0
  let number = 0
  let isNumber = true
  let lastInOrder = 0
  let bytes = 0
  let tail = Buffer.alloc(0)

  function readContent(chunk: Buffer, from: number, to: number) {
    bytes += to - from
    for (let at = from; at < to; at += 1) {
      const byte = chunk[at]!
      if (byte === lineFeed) {
        if (isNumber && number === lastInOrder + 1) lastInOrder = number
        number = 0
        isNumber = true
      } else if (byte >= zero && byte < zero + 10) number = number * 10 + byte - zero
      else isNumber = false
    }
    const end = chunk.subarray(Math.max(from, to - tailBytes), to)
    tail = Buffer.concat([tail, end]).subarray(-tailBytes)
  }

  function readHeader(chunk: Buffer): number {
    const before = header.length
    header += chunk.toString('latin1')
    const end = header.indexOf('\r\n\r\n')
    if (end === -1) return chunk.length
    if (!header.startsWith('HTTP/1.1 200 ') || !/^transfer-encoding: chunked\r?$/im.test(header))
      throw new Error(`The answer is no log: ${header.slice(0, header.indexOf('\r\n'))}`)
    expects = 'size'
    return end + 4 - before
  }

  function readSize(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(lineFeed, from)
    size += chunk.toString('latin1', from, end === -1 ? chunk.length : end)
    if (end === -1) return chunk.length
    left = Number.parseInt(size, 16)
    size = ''
    // What comes behind the last piece is the trailer.
    expects = left === 0 ? 'nothing' : 'content'
    return end + 1
  }

  return {
    read(chunk) {
      for (let at = 0; at < chunk.length;) {
        if (expects === 'header') at = readHeader(chunk)
        else if (expects === 'size') at = readSize(chunk, at)
        else if (expects === 'content') {
          const to = Math.min(chunk.length, at + left)
          readContent(chunk, at, to)
          left -= to - at
          at = to
          if (left === 0) expects = 'line end'
        } else if (expects === 'line end') {
          const end = chunk.indexOf(lineFeed, at)
          if (end !== -1) expects = 'size'
          at = end === -1 ? chunk.length : end + 1
        } else return
      }
    },
    isBegun: () => expects !== 'header',
    seen: () => ({
      lastInOrder,
      lastLine: tail.toString('latin1').trimEnd().split('\n').at(-1) ?? '',
      bytes,
    }),
  }
}
