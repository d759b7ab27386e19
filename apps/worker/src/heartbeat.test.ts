import { hostId } from '@redeployster/shared/contract/service'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { beatHeart } from './heartbeat.ts'
import { createMemoryPublisher } from './testing/catalogue.ts'

const info = { id: hostId.parse('ALPHA'), name: 'alpha', engine: '28', compose: '2.26' }

let stopping: AbortController
beforeEach(() => {
  stopping = new AbortController()
})
afterEach(() => stopping.abort())

/** Begins to beat for a Redis that holds the catalogue, or has lost it. */
function beat(isPublished: boolean) {
  const publisher = createMemoryPublisher()
  const heartbeat = vi.spyOn(publisher, 'heartbeat').mockResolvedValue(isPublished)
  const republish = vi.fn<() => Promise<void>>(async () => {})
  beatHeart(publisher, info, republish, pino({ level: 'silent' }), stopping.signal)
  return { heartbeat, republish }
}

it('says at once who the worker is, and when it was seen', () => {
  const { heartbeat } = beat(true)
  expect(heartbeat).toHaveBeenCalledWith({ ...info, seenAt: expect.stringMatching(/^20.*Z$/) })
})

it('publishes the catalogue again when Redis has lost it, and only then', async () => {
  const { republish: notNeeded } = beat(true)
  const { republish } = beat(false)
  await vi.waitFor(() => expect(republish).toHaveBeenCalledTimes(1))
  expect(notNeeded).not.toHaveBeenCalled()
})
