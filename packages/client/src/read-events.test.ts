import { ReadableStream } from 'node:stream/web'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { readEvents, type LogEvent } from './read-events.ts'
import { ending } from './testing/jobs.ts'

async function read(pieces: readonly Uint8Array[]): Promise<LogEvent[]> {
  const events: LogEvent[] = []
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
  for await (const found of readEvents(body)) events.push(...found)
  return events
}

const text = (it: string) => new TextEncoder().encode(it)

function streamOf(events: readonly LogEvent[]): string {
  const parts = events.map((event) => {
    switch (event.kind) {
      case 'line':
        return `${event.number === undefined ? '' : `id: ${event.number}\n`}data: ${event.text}\n\n`
      case 'aside':
        return `: ${event.text}\n\n`
      case 'verdict':
        return `event: verdict\ndata: ${JSON.stringify(event.ending)}\n\n`
    }
  })
  return `retry: 1000\n\n${parts.join('')}`
}

it('reads lines with their numbers, what is said beside them, and the verdict', async () => {
  const stream = `retry: 1000\n\n: redeployster: job 1 deploys\n\nid: 1\ndata: out\n\nid: 2\ndata: \n\ndata: redeployster: gone\n\nevent: verdict\ndata: ${JSON.stringify(ending(3))}\n\n`
  expect(await read([text(stream)])).toEqual([
    { kind: 'aside', text: 'redeployster: job 1 deploys' },
    { kind: 'line', number: 1, text: 'out' },
    { kind: 'line', number: 2, text: '' },
    { kind: 'line', number: undefined, text: 'redeployster: gone' },
    { kind: 'verdict', ending: ending(3) },
  ])
})

it('reads the same, wherever the stream is cut into pieces', async () => {
  const shown = fc.string({ unit: 'grapheme', maxLength: 20 }).map((it) => it.replaceAll(/[\r\n]/g, ''))
  const event: fc.Arbitrary<LogEvent> = fc.oneof(
    fc.record({
      kind: fc.constant('line' as const),
      number: fc.option(fc.nat(), { nil: undefined }).map((it) => it && it % 1_000_000_000),
      text: shown,
    }),
    fc.record({ kind: fc.constant('aside' as const), text: shown }),
    fc.record({ kind: fc.constant('verdict' as const), ending: fc.constantFrom(ending(0), ending(255)) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 8 }), fc.array(fc.nat(400)), async (events, cuts) => {
      const bytes = text(streamOf(events))
      const borders = [0, ...cuts.filter((it) => it < bytes.length).sort((a, b) => a - b), bytes.length]
      const pieces = borders.slice(1).map((end, index) => bytes.slice(borders[index], end))
      expect(await read(pieces)).toEqual(events)
    }),
  )
})

it('keeps for itself what was cut before its end', async () => {
  expect(await read([text('id: 1\ndata: out\n\nid: 2\ndata: half of a li')])).toEqual([
    { kind: 'line', number: 1, text: 'out' },
  ])
})

it.each(['no json', '{}', '"succeeded"', 'null', JSON.stringify({ ...ending(0), exitCode: '0' })])(
  'takes no verdict from %s',
  async (data) => {
    await expect(read([text(`event: verdict\ndata: ${data}\n\n`)])).rejects.toThrow(/./)
  },
)
