import { newJobId } from '@redeployster/shared/contract/job'
import { describe, expect, it } from 'vitest'
import { blockerOf, byAge, type Claim } from './lanes.ts'

/** `2 shop a b` is the job 2 that waits for a and b of shop, `2 shop a b !` holds them, and `2 shop ?` does not know yet. */
function claim(text: string): Claim {
  const [id = '', project = '', ...services] = text.split(' ')
  const names = services.filter((it) => it !== '!' && it !== '?')
  const lane = services.includes('?') ? undefined : new Set(names)
  return { id, project, lane, isHeld: services.includes('!') }
}

function blocker(own: string, ...others: string[]) {
  const claims = [...others, own].map(claim)
  return blockerOf(claim(own).id, claims)?.id
}

describe('a job waits for', () => {
  it.each([
    { whom: 'nobody when it is alone', own: '5 shop a', others: [], is: undefined },
    { whom: 'an older one whose lane overlaps', own: '5 shop a b', others: ['3 shop b c'], is: '3' },
    {
      whom: 'no older one whose lane does not overlap',
      own: '5 shop a',
      others: ['3 shop b c', '4 shop d !'],
      is: undefined,
    },
    { whom: 'none of another project', own: '5 shop a', others: ['3 blog a', '4 blog ? !'], is: undefined },
    {
      whom: 'no younger one that waits as well',
      own: '5 shop a',
      others: ['6 shop a', '7 shop ?'],
      is: undefined,
    },
    { whom: 'a younger one that holds the lane already', own: '5 shop a', others: ['6 shop a !'], is: '6' },
    {
      whom: 'the oldest of several',
      own: '5 shop a b',
      others: ['4 shop b', '6 shop a !', '3 shop a'],
      is: '3',
    },
    { whom: 'an older one that does not know its lane yet', own: '5 shop a', others: ['3 shop ?'], is: '3' },
    {
      whom: 'all older ones while it does not know its own lane',
      own: '5 shop ?',
      others: ['4 shop b'],
      is: '4',
    },
    {
      whom: 'nobody else’s sake when it holds its lane',
      own: '5 shop a !',
      others: ['6 shop a'],
      is: undefined,
    },
  ])('$whom', ({ own, others, is }) => {
    expect(blocker(own, ...others)).toBe(is)
  })
})

it('cannot say what blocks a job that claims nothing', () => {
  expect(() => blockerOf('5', [claim('3 shop a')])).toThrow('it has no claim')
})

it('knows the order in which jobs were accepted from their ids', () => {
  const jobs = Array.from({ length: 100 }, () => ({ id: newJobId() }))
  expect([...jobs].reverse().sort(byAge)).toEqual(jobs)
})
