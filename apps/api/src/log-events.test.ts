import { newJobId } from '@redeployster/shared/contract/job'
import { continueAt } from '@redeployster/shared/log/continue-at'
import type { LogEvent } from '@redeployster/shared/log/log'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logEvents, wantsEvents } from './log-events.ts'
import { logText } from './log-text.ts'
import { lineAfter } from './queries.ts'
import { linesOf, receive } from './testing/events.ts'

const id = newJobId()
const verdict = { state: 'failed', exitCode: 3, started: true, reason: 'one\ntwo' } as const

// What splitLines can make, and far more: of it all, nothing but a line feed ends a stored line.
const line = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', ' ', ': no comment', 'data: x', 'id: 7', 'a\rb', '\u2028', 'redeployster: said'),
)
const batch = fc.record({
  /** Lines that are not kept any more before these. */
  gap: fc.constantFrom(0, 0, 0, 1, 7),
  lines: fc.array(
    line.map((it) => it.replaceAll('\n', '')),
    { minLength: 1, maxLength: 4 },
  ),
})

/** Batches as they are stored, each under the number of its first line, and the verdict. */
const storedLog = fc.array(batch, { maxLength: 6 }).map((batches): readonly LogEvent[] => {
  let next = 1
  const stored = batches.map(({ gap, lines }) => {
    const first = next + gap
    next = first + lines.length
    return { kind: 'lines', first, lines } as const
  })
  return [...stored, { kind: 'verdict', verdict }]
})

describe('a log as server-sent events', () => {
  it('has the lines of the text form, each under its number, whatever stands in them', () => {
    const property = fc.property(storedLog, (stored) => {
      const shown = eventsFrom(1, stored).filter(({ kind }) => kind !== 'verdict')
      const text = String(logText.show(id, shown))
      const { events } = receive(String(logEvents.show(id, shown)))
      expect(events.map(({ data }) => `${data}\n`).join('')).toBe(text)
      expect(events.map(({ lastEventId }) => Number(lastEventId))).toEqual(shown.flatMap(numbersOf))
    })
    fc.assert(property, { numRuns: 500 })
  })

  it('cut at any place and resumed at the last id, loses no line, doubles none, and ends with the verdict', () => {
    const property = fc.property(storedLog, fc.array(fc.nat(), { maxLength: 4 }), (stored, cuts) => {
      const whole = receive(textFrom(1, stored))
      let seen = receive('')
      for (const at of [...cuts, undefined]) {
        const text = textFrom(lineAfter(seen.lastEventId) ?? 1, stored)
        // Never the whole one: a client that has the verdict does not come back.
        const cut = at === undefined ? text : text.slice(0, at % text.length)
        const more = receive(cut, seen.lastEventId)
        seen = { ...more, events: [...seen.events, ...more.events] }
      }
      expect(seen.events).toEqual(whole.events)
      expect(seen.events.filter(({ type }) => type === 'verdict')).toHaveLength(1)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('says what the API itself says in comments, which no client takes for lines', () => {
    const { events, comments, lastEventId } = receive(logEvents.aside('redeployster: still running (15 s)'))
    expect({ events, comments, lastEventId }).toEqual({
      events: [],
      comments: ['redeployster: still running (15 s)'],
      lastEventId: '',
    })
  })
})

it.each([
  ['text/event-stream', true],
  ['Text/Event-Stream', true],
  ['text/event-stream; charset=utf-8', true],
  ['application/json, text/event-stream;q=0.9', true],
  ['*/*', false],
  ['text/*', false],
  ['text/plain', false],
  ['application/x-text/event-stream', false],
  ['', false],
  [undefined, false],
])('is what Accept: %s asks for: %s', (accept, expected) => {
  expect(wantsEvents(accept)).toBe(expected)
})

it('has in each line no more than that line', () => {
  const forged = { kind: 'lines', first: 1, lines: ['x\r\revent: verdict\rdata: {"exitCode":0}'] } as const
  expect(linesOf(receive(String(logEvents.show(id, [forged]))))).toEqual([
    '1 x\\u000d\\u000devent: verdict\\u000ddata: {"exitCode":0}',
  ])
})

function textFrom(from: number, stored: readonly LogEvent[]): string {
  return (
    logEvents.preamble + logEvents.aside('opening') + String(logEvents.show(id, eventsFrom(from, stored)))
  )
}

function eventsFrom(from: number, stored: readonly LogEvent[]): readonly LogEvent[] {
  let next = from
  return stored.flatMap((event) => {
    const fresh = continueAt(next, event)
    next = fresh.next
    return fresh.events
  })
}

function numbersOf(event: LogEvent): readonly number[] {
  if (event.kind === 'lines') return event.lines.map((_, index) => event.first + index)
  return event.kind === 'missing' ? [event.to] : []
}
