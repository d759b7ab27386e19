import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Verdict } from '../contract/job.ts'
import { continueAt } from './continue-at.ts'
import type { LogEvent } from './log.ts'

const verdict: Verdict = { state: 'succeeded', exitCode: 0, started: true }

describe('to somebody who has seen the lines before the fourth', () => {
  it.each<[string, LogEvent, LogEvent[], number]>([
    ['the next lines are new', lines(4, 'd', 'e'), [lines(4, 'd', 'e')], 6],
    ['lines seen before are nothing', lines(1, 'a', 'b', 'c'), [], 4],
    ['lines that were partly seen are the rest', lines(3, 'c', 'd'), [lines(4, 'd')], 5],
    ['later lines come after a gap', lines(6, 'f'), [{ kind: 'missing', from: 4, to: 5 }, lines(6, 'f')], 7],
    ['a verdict is new', { kind: 'verdict', verdict }, [{ kind: 'verdict', verdict }], 4],
  ])('%s', (_, event, events, next) => {
    expect(continueAt(4, event)).toEqual({ events, next })
  })
})

it('hands on the very lines that fit, so that all followers can share what is made of them', () => {
  const fitting = lines(4, 'd', 'e')
  expect(continueAt(4, fitting).events[0]).toBe(fitting)
})

it('shows every line once, however the log is cut into batches and whichever of them come twice', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(5)), { minLength: 1, maxLength: 20 }), (cuts) => {
      let next = 1
      let total = 0
      const shown: string[] = []
      for (const [back, count] of cuts) {
        const first = Math.max(1, total + 1 - back)
        total += count
        const batch = Array.from({ length: total + 1 - first }, (_, index) => `line ${first + index}`)
        if (batch.length === 0) continue
        const fresh = continueAt(next, lines(first, ...batch))
        next = fresh.next
        for (const event of fresh.events) if (event.kind === 'lines') shown.push(...event.lines)
      }
      expect(shown).toEqual(Array.from({ length: total }, (_, index) => `line ${index + 1}`))
    }),
  )
})

function lines(first: number, ...all: string[]): LogEvent {
  return { kind: 'lines', first, lines: all }
}
