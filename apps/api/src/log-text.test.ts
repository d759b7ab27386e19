import { newJobId } from '@redeployster/shared/contract/job'
import { expect, it } from 'vitest'
import { logText } from './log-text.ts'

it('writes lines down once, however many are shown them', () => {
  const id = newJobId()
  let looks = 0
  const event = {
    kind: 'lines',
    first: 1,
    get lines() {
      looks += 1
      return ['a', 'b']
    },
  } as const
  const shown = Array.from({ length: 50 }, () => logText.show(id, [event]))
  expect(String(shown[0])).toBe('a\nb\n')
  expect(new Set(shown).size).toBe(1)
  expect(looks).toBe(1)
})
