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

it('reads nothing from a container that printed nothing', () => {
  expect(splitStreams(Buffer.alloc(0))).toEqual([])
})
