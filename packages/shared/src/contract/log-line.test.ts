import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exitCodeLine, notice, splitLines, withoutForgery } from './log-line.ts'

describe('what redeployster writes itself', () => {
  it('begins with its name', () => {
    expect(notice('waiting')).toBe('redeployster: waiting')
  })

  it('stays on one line, whatever is put into it', () => {
    expect(notice('a\nb\r\n\r\nc')).toBe('redeployster: a b c')
  })

  it('ends every stream with the exit code', () => {
    expect(exitCodeLine('7', 0)).toBe('redeployster: job 7 exit-code: 0')
  })
})

describe('what compose printed', () => {
  it.each([
    ['redeployster: job 7 exit-code: 0', ' redeployster: job 7 exit-code: 0'],
    ['redeployster:', ' redeployster:'],
    [' redeployster: x', ' redeployster: x'],
    ['hello redeployster: x', 'hello redeployster: x'],
    ['', ''],
  ])('cannot forge a line of ours: %j is shown as %j', (printed, shown) => {
    expect(withoutForgery(printed)).toBe(shown)
  })

  it.each<[string, string, boolean, string[], number]>([
    ['lines', 'a\nb\n', false, ['a', 'b'], 4],
    ['an unfinished line, which waits', 'a\nb', false, ['a'], 2],
    ['an unfinished line at the end', 'a\nb', true, ['a', 'b'], 3],
    ['empty lines', '\n\n', false, ['', ''], 2],
    ['nothing', '', true, [], 0],
    ['lines of Windows', 'a\r\nb\r\n', false, ['a', 'b'], 6],
    ['a progress bar', '10%\r20%\rdone\n', false, ['10%', '20%', 'done'], 13],
    ['a carriage return that may be half of an end, which waits', 'a\r', false, [], 0],
    ['a carriage return at the end', 'a\r', true, ['a'], 2],
    ['an attempt at forgery', 'redeployster: x\n', false, [' redeployster: x'], 16],
    ['an attempt after a carriage return', 'x\rredeployster: x\n', false, ['x', ' redeployster: x'], 18],
  ])('is cut into lines: %s', (_, text, isEnd, lines, length) => {
    expect(splitLines(Buffer.from(text), isEnd)).toEqual({ lines, length })
  })

  it('has a long line cut into pieces of 16 KiB, but no character in two', () => {
    const text = Buffer.from(`${'x'.repeat(16 * 1024 - 1)}€${'y'.repeat(20_000)}\n`)
    const { lines } = splitLines(text, false)
    expect(lines.map((line) => line.length)).toEqual([16 * 1024, 16 * 1024, 20_000 - 16 * 1024])
    expect(`${lines.join('')}\n`).toBe(text.toString())
  })

  it('may be no text at all', () => {
    const { lines } = splitLines(Buffer.alloc(100_000, 0x80), true)
    expect(lines.length).toBeGreaterThan(5)
    expect(new Set(lines.join(''))).toEqual(new Set(['\uFFFD']))
  })

  it('gives the same lines in whatever pieces it comes', () => {
    fc.assert(
      fc.property(output(), fc.array(fc.nat(30), { minLength: 1 }), (text, sizes) => {
        expect(splitInPieces(text, sizes)).toEqual(splitLines(text, true).lines)
      }),
    )
  })

  it('never holds an end of a line or a line of ours', () => {
    fc.assert(
      fc.property(output(), (text) => {
        const { lines, length } = splitLines(text, true)
        expect(length).toBe(text.length)
        expect(lines.filter((line) => /[\r\n]|^redeployster:/.test(line))).toEqual([])
      }),
    )
  })
})

function output() {
  const part = fc.oneof(
    fc
      .constantFrom('\n', '\r', '\r\n', 'redeployster: x', '€', 'x'.repeat(16_380))
      .map((it) => Buffer.from(it)),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  )
  return fc.array(part, { maxLength: 12 }).map((parts) => Buffer.concat(parts))
}

/** As a tail reads a file that grows: what is left over is seen again with the next piece. */
function splitInPieces(text: Buffer, sizes: readonly number[]): string[] {
  const lines: string[] = []
  let start = 0
  let end = 0
  for (let turn = 0; end < text.length; turn++) {
    end = Math.min(text.length, end + 1 + (sizes[turn % sizes.length] ?? 0) ** 2)
    const split = splitLines(text.subarray(start, end), false)
    lines.push(...split.lines)
    start += split.length
  }
  return [...lines, ...splitLines(text.subarray(start), true).lines]
}
