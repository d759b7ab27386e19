import { describe, expect, it } from 'vitest'
import { keyOf } from '../testing/requests.ts'
import { beginFreeze, describeFreeze, freeze, freezeRequest } from './freeze.ts'

const now = new Date('2026-01-01T12:00:00.000Z')
const reason = 'the database moves'

describe('who asks for a freeze', () => {
  it.each([
    ['a reason alone', { reason }],
    ['for how long', { reason, for: '2h' }],
    ['until when', { reason, until: '2026-01-02T12:00:00Z' }],
    ['until when in another zone', { reason, until: '2026-01-02T12:00:00+02:00' }],
    ['a name', { reason, by: 'Ånna <anna@example.com>' }],
    ['as much as it may', { reason: 'x'.repeat(300), by: 'x'.repeat(100), for: '365d' }],
  ])('may give %s', (_, asked) => {
    expect(freezeRequest.safeParse(asked).success).toBe(true)
  })

  it.each([
    ['nothing', undefined, ''],
    ['no reason', {}, 'reason'],
    ['an empty reason', { reason: ' ' }, 'reason'],
    ['a reason of two lines', { reason: 'a\nb' }, 'reason'],
    ['a reason that colours the terminal', { reason: '\u001b[31mred' }, 'reason'],
    ['a reason that turns the text around', { reason: '\u202eabc' }, 'reason'],
    ['a long reason', { reason: 'x'.repeat(301) }, 'reason'],
    ['a name of two lines', { reason, by: 'a\rb' }, 'by'],
    ['no duration', { reason, for: 'soon' }, 'for'],
    ['no time at all', { reason, for: '0s' }, 'for'],
    ['more than a year', { reason, for: '366d' }, 'for'],
    ['a number', { reason, for: 3600 }, 'for'],
    ['a time without its zone', { reason, until: '2026-01-02T12:00:00' }, 'until'],
    ['a day that is none', { reason, until: '2026-02-30T12:00:00Z' }, 'until'],
    ['both', { reason, for: '2h', until: '2026-01-02T12:00:00Z' }, 'until'],
  ])('may not give %s', (_, asked, where) => {
    const [issue] = freezeRequest.safeParse(asked).error?.issues ?? []
    expect(issue?.path.join('.')).toBe(where)
    expect(issue?.message).toMatch(/expected/)
  })

  it('is told of a slip of the pen, which would make a freeze without an end', () => {
    const [issue] = freezeRequest.safeParse({ reason, untill: '2026-01-02T12:00:00Z' }).error?.issues ?? []
    expect(issue).toMatchObject({ code: 'unrecognized_keys', keys: ['untill'] })
  })
})

describe('a freeze', () => {
  const begin = (asked: object) => beginFreeze(freezeRequest.parse({ reason, ...asked }), now)
  const since = now.toISOString()

  it.each([
    ['holds until somebody lifts it', {}, { who: 'the admin', reason, since }],
    ['has whoever asked for it', { by: ' anna ' }, { who: 'anna', reason, since }],
    ['ends after a time', { for: '90m' }, { until: '2026-01-01T13:30:00.000Z' }],
    ['ends at a time', { until: '2026-01-02T12:00:00+02:00' }, { until: '2026-01-02T10:00:00.000Z' }],
  ])('%s', (_, asked, expected) => {
    expect(begin(asked)).toMatchObject(expected)
    expect(freeze.parse(begin(asked))).toEqual(begin(asked))
  })

  it.each(['2026-01-01T12:00:00Z', '2025-12-31T00:00:00Z', '2027-01-01T12:00:01Z'])(
    'does not end at %s, which has passed or is far away',
    (until) => {
      expect(begin({ until })).toEqual({ problem: expect.stringMatching(/^until: /) as string })
    },
  )

  it('says who, until when and why', () => {
    const held = { who: 'anna', reason, since, until: '2026-01-01T14:00:00.000Z' }
    expect(describeFreeze(keyOf('shop/hello'), held)).toBe(
      'shop/hello is frozen by anna until 2026-01-01T14:00:00.000Z (the database moves)',
    )
    expect(describeFreeze(keyOf('shop/hello'), { who: 'anna', reason, since })).toBe(
      'shop/hello is frozen by anna until somebody lifts it (the database moves)',
    )
  })
})
