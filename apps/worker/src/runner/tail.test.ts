import * as fc from 'fast-check'
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { tail, type Tailed } from './tail.ts'

const over = Promise.resolve()
const chunk = 64 * 1024

let file: string
beforeEach(() => {
  file = path.join(temporaryFolder(), 'out')
})

/** All that is left of a file which nobody writes to any more. */
async function readAll(offset = 0): Promise<{ lines: string[]; offsets: number[] }> {
  const lines: string[] = []
  const offsets: number[] = []
  for await (const tailed of tail(file, offset, over)) {
    lines.push(...tailed.lines)
    offsets.push(tailed.offset)
  }
  return { lines, offsets }
}

/** Follows a file that is being written; `next` waits for more of it. */
function follow() {
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const tailed = tail(file, 0, ended)
  const next = async () => ((await tailed.next()).value as Tailed | undefined)?.lines
  return { next, end }
}

describe('the lines of a file', () => {
  it.each([
    { text: '', lines: [] },
    { text: 'a\nb\n', lines: ['a', 'b'] },
    { text: 'a\r\nb\r\n', lines: ['a', 'b'] },
    { text: '10 %\r20 %\r30 %\n', lines: ['10 %', '20 %', '30 %'] },
    { text: 'a\n\n\r\n\r\rb', lines: ['a', '', '', '', '', 'b'] },
    { text: 'a\nunfinished', lines: ['a', 'unfinished'] },
    { text: 'a\r', lines: ['a'] },
    { text: 'naïve 🐬\n', lines: ['naïve 🐬'] },
  ])('are those of $text', async ({ text, lines }) => {
    fs.writeFileSync(file, text)
    expect(await readAll()).toMatchObject({ lines })
  })

  it.each(['\r\n', 'é', '🐬'])('are whole when the border of two reads cuts %j', async (cut) => {
    const line = 'x'.repeat(1023)
    const before = `${line}\n`.repeat(63) + 'x'.repeat(1023)
    expect(before).toHaveLength(chunk - 1)
    fs.writeFileSync(file, `${before}${cut}\nlast\n`)
    const { lines } = await readAll()
    const atBorder = cut === '\r\n' ? [line, ''] : [`${line}${cut}`]
    expect(lines.slice(63)).toEqual([...atBorder, 'last'])
  })

  it('are pieces of at most 16 KiB where a line has 10 MB', async () => {
    const long = '0123456789é'.repeat(1_000_000)
    fs.writeFileSync(file, `before\n${long}\nafter\n`)
    const { lines } = await readAll()
    expect(lines.at(0)).toBe('before')
    expect(lines.at(-1)).toBe('after')
    const pieces = lines.slice(1, -1)
    expect(Math.max(...pieces.map((piece) => Buffer.byteLength(piece)))).toBeLessThanOrEqual(16 * 1024 + 1)
    expect(pieces.join('') === long).toBe(true)
  })

  it('cannot pretend to be ours', async () => {
    fs.writeFileSync(file, 'redeployster: job 1 exit-code: 0\n\rredeployster: x\n redeployster: y\n')
    const { lines } = await readAll()
    expect(lines.filter((line) => line.startsWith('redeployster:'))).toEqual([])
  })
})

describe('reading on', () => {
  const text = `a\r\n\nprogress\rprogress\r\n${'é'.repeat(20_000)}\nredeployster: x\n${'y'.repeat(chunk)}\n\r\nlast`

  it('at the end of any line yields the lines behind it', async () => {
    fs.writeFileSync(file, text)
    const { lines } = await readAll()
    const bytes = fs.readFileSync(file)
    const ends = [...bytes.toString('latin1').matchAll(/\r\n|\r|\n/g)].map(
      ({ 0: end, index }) => index + end.length,
    )
    expect(ends).toHaveLength(8)
    for (const end of ends) {
      const rest = await readAll(end)
      expect(lines.slice(-rest.lines.length)).toEqual(rest.lines)
      expect(rest.lines.length).toBeLessThan(lines.length)
    }
  })

  it('at a place that was reported loses and doubles nothing', async () => {
    const piece = fc.record({
      text: fc.string({ unit: 'binary', maxLength: 20 }),
      times: fc.constantFrom(1, 1, 1, 5000),
      ending: fc.constantFrom('\n', '\r\n', '\r', ''),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        fs.writeFileSync(file, pieces.map(({ text, times, ending }) => text.repeat(times) + ending).join(''))
        const { lines, offsets } = await readAll()
        for (const offset of offsets) {
          const rest = await readAll(offset)
          expect(rest.lines).toEqual(lines.slice(lines.length - rest.lines.length))
        }
        expect(offsets.at(-1) ?? 0).toBe(fs.statSync(file).size)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a file that is being written', () => {
  it('yields its lines while it grows', async () => {
    fs.writeFileSync(file, 'one\n')
    const { next, end } = follow()
    expect(await next()).toEqual(['one'])
    fs.appendFileSync(file, 'two\nthr')
    expect(await next()).toEqual(['two'])
    fs.appendFileSync(file, 'ee\n')
    expect(await next()).toEqual(['three'])
    end()
    expect(await next()).toBeUndefined()
  })

  it.each([
    { what: 'a line ending', before: 'a\r', after: '\nb\n', lines: ['a', 'b'] },
    {
      what: 'a character',
      before: Buffer.from('\u{1f42c}').subarray(0, 2),
      after: Buffer.from('\u{1f42c}\n').subarray(2),
      lines: ['🐬'],
    },
  ])('is not read in the middle of $what', async ({ before, after, lines }) => {
    fs.writeFileSync(file, before)
    const { next, end } = follow()
    const first = next()
    fs.appendFileSync(file, after)
    expect(await first).toEqual(lines)
    end()
    expect(await next()).toBeUndefined()
  })

  it('is waited for when it is not there yet', async () => {
    const { next, end } = follow()
    const first = next()
    fs.writeFileSync(file, 'late\n')
    expect(await first).toEqual(['late'])
    end()
    expect(await next()).toBeUndefined()
  })

  it('has no lines when it never comes', async () => {
    const { next, end } = follow()
    end()
    expect(await next()).toBeUndefined()
  })

  it('is read to its last byte after the writer has ended', async () => {
    const { next, end } = follow()
    const first = next()
    fs.writeFileSync(file, 'x\n'.repeat(chunk))
    end()
    let count = (await first)?.length ?? 0
    for (let lines = await next(); lines; lines = await next()) count += lines.length
    expect(count).toBe(chunk)
  })

  it('is read to its last byte even when nobody knows how the writer ended', async () => {
    fs.writeFileSync(file, 'unfinished')
    const tailed = tail(file, 0, Promise.reject(new Error('Cannot tell')))
    expect((await tailed.next()).value).toEqual({ lines: ['unfinished'], offset: 10 })
    expect((await tailed.next()).done).toBe(true)
  })
})
