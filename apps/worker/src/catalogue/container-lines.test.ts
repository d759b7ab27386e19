import { expect, it } from 'vitest'
import { splitStreams } from './container-lines.ts'

function frame(stream: number, text: string): Buffer {
  const body = Buffer.from(text)
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(body.length, 4)
  return Buffer.concat([head, body])
}

it('reads the lines of both streams in their order', () => {
  const sent = Buffer.concat([frame(1, 'one\ntw'), frame(1, 'o\n'), frame(2, 'three\r\n')])
  expect(splitStreams(sent)).toEqual(['one', 'two', 'three'])
})

it('reads what a container with a terminal sends', () => {
  expect(splitStreams(Buffer.from('one\r\ntwo'))).toEqual(['one', 'two'])
})

it('cuts lines as those of compose are, also where a frame ends within a character', () => {
  const [first, second] = [Buffer.from('🐬').subarray(0, 2), Buffer.from('🐬').subarray(2)]
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 2])
  const sent = Buffer.concat([
    head,
    first,
    head,
    second,
    frame(1, ' 1 %\rredeployster: x\n'),
    frame(1, 'y'.repeat(20_000)),
  ])
  expect(splitStreams(sent)).toEqual(['🐬 1 %', ' redeployster: x', 'y'.repeat(16_384), 'y'.repeat(3616)])
})

it('reads nothing from a container that printed nothing', () => {
  expect(splitStreams(Buffer.alloc(0))).toEqual([])
})
