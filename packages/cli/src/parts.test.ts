import { createLogger } from '@redeployster/shared/runtime/logger'
import { expect, it } from 'vitest'
import { createParts } from './parts.ts'

function setUp() {
  const lines: string[] = []
  const logger = createLogger('info', false, { write: (line) => void lines.push(line) })
  const stopped: string[] = []
  const parts = createParts(logger)
  const add = (name: string, stop = () => Promise.resolve()) => {
    const running = { stop: () => stop().then(() => void stopped.push(name)) }
    parts.add({ name, running, mostStoppingMs: 50 })
  }
  return { parts, add, stopped, said: () => lines.join('') }
}

it('stops the parts in the reverse order, one after the other', async () => {
  const { parts, add, stopped } = setUp()
  add('redis')
  add('api', () => new Promise((resolve) => setTimeout(resolve, 10)))
  add('worker', () => new Promise(setImmediate))
  await parts.stop()
  expect(stopped).toEqual(['worker', 'api', 'redis'])
})

it('goes on when a part hangs or fails, and says which', async () => {
  const { parts, add, stopped, said } = setUp()
  add('redis')
  add('api', () => Promise.reject(new Error('failed')))
  add('worker', () => new Promise(() => {}))
  await parts.stop()
  expect(stopped).toEqual(['redis'])
  expect(said()).toMatch(/"part":"worker".*did not stop in time/)
  expect(said()).toMatch(/"part":"api".*did not stop in order/)
})

it('stops each part once, however often it is asked', async () => {
  const { parts, add, stopped } = setUp()
  add('api')
  await Promise.all([parts.stop(), parts.stop()])
  await parts.stop()
  expect(stopped).toEqual(['api'])
})

it('stops a part that was still starting when the stop began', async () => {
  const { parts, add, stopped } = setUp()
  await parts.stop()
  add('worker')
  await new Promise(setImmediate)
  expect(stopped).toEqual(['worker'])
})
