import { expect, it } from 'vitest'
import { shareAtOnce } from './share-at-once.ts'

function counting() {
  let count = 0
  return { ask: async () => ++count, count: () => count }
}

it('all who ask at the same moment share one answer', async () => {
  const [atOnce, { ask, count }] = [shareAtOnce(), counting()]
  const bell = Promise.resolve()
  const woken = Array.from({ length: 100 }, () => bell.then(() => atOnce('page 1', ask)))
  expect(new Set(await Promise.all(woken))).toEqual(new Set([1]))
  expect(count()).toBe(1)
})

it('whoever asks later does not get an answer that was asked for before', async () => {
  const [atOnce, { ask }] = [shareAtOnce(), counting()]
  let end: (answer: number) => void = () => {}
  const slow = atOnce('page 1', () => new Promise<number>((resolve) => (end = resolve)))
  await new Promise(setImmediate)
  expect(await atOnce('page 1', ask)).toBe(1)
  end(7)
  expect(await slow).toBe(7)
})

it('other things are asked for one by one', async () => {
  const [atOnce, { ask }] = [shareAtOnce(), counting()]
  expect(await Promise.all([atOnce('page 1', ask), atOnce('page 2', ask)])).toEqual([1, 2])
})

it('an answer that fails fails for all who share it', async () => {
  const atOnce = shareAtOnce()
  const fail = () => Promise.reject(new Error('away'))
  const asked = await Promise.allSettled([atOnce('page 1', fail), atOnce('page 1', fail)])
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})
