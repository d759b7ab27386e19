import { describe, expect, it } from 'vitest'
import { createLogReader } from './log-reader.ts'

const header = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Exit-Code\r\n\r\n'
const verdict = 'redeployster: job 7 exit-code: 0\n'

function framed(...pieces: readonly string[]): string {
  const parts = [...pieces, ''].map((it) => `${Buffer.byteLength(it).toString(16)}\r\n${it}`)
  return `${header}${parts.join('\r\n')}Exit-Code: 0\r\n\r\n`
}

function readInPieces(answer: string, length: number) {
  const reader = createLogReader()
  const bytes = Buffer.from(answer)
  for (let at = 0; at < bytes.length; at += length) reader.read(bytes.subarray(at, at + length))
  return reader.seen()
}

describe('the log that a follower has read', () => {
  it.each([1, 2, 3, 7, 1000])('is the same when it comes in pieces of %d bytes', (length) => {
    const answer = framed(
      'redeployster: hello\n1\n2\n',
      '3',
      '\n4\n',
      'redeployster: still running\n5\n',
      verdict,
    )
    const { lastInOrder, lastLine } = readInPieces(answer, length)
    expect({ lastInOrder, lastLine }).toEqual({ lastInOrder: 5, lastLine: verdict.trimEnd() })
  })

  it.each([
    ['a line is missing', '1\n2\n4\n5\n', 2],
    ['a line comes out of order', '1\n3\n2\n', 2],
    ['the first one is missing', '2\n3\n', 0],
    ['a line is joined to the next', '1\n23\n4\n', 1],
    ['a line was cut', '1\n2\n3', 2],
  ])('goes in order only to where %s', (_, text, expected) => {
    expect(readInPieces(framed(text), 1000).lastInOrder).toBe(expected)
  })

  it('does not take the sizes of the pieces for lines', () => {
    // A piece of one byte has the size 1, and its line is 1 byte long.
    expect(readInPieces(framed('\n', '\n'), 1000).lastInOrder).toBe(0)
  })

  it('has the bytes of its lines alone', () => {
    expect(readInPieces(framed('1\n2\n', '3\n'), 4).bytes).toBe(6)
  })

  it('is none when the answer is another', () => {
    expect(() => readInPieces('HTTP/1.1 503 Service Unavailable\r\n\r\n', 1000)).toThrow('503')
  })
})
