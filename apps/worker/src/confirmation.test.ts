import type { JobRecord } from '@redeployster/shared/contract/job'
import { requestOf } from '@redeployster/shared/testing/requests'
import { expect, it } from 'vitest'
import { isConfirmed } from './confirmation.ts'

const request = requestOf('shop/hello')
const never = new AbortController().signal

/** Jobs of which the record is there from the n-th look on. */
function appearingAt(look: number) {
  let looks = 0
  const record = { id: request.id } as JobRecord
  return {
    get: () => Promise.resolve(++looks >= look ? record : undefined),
    list: () => Promise.resolve([]),
    looks: () => looks,
  }
}

it('takes one look at a job that an API has confirmed', async () => {
  const jobs = appearingAt(1)
  expect(await isConfirmed(request, jobs, never)).toBe(true)
  expect(jobs.looks()).toBe(1)
})

it('waits for an API that is about to confirm', async () => {
  expect(await isConfirmed(request, appearingAt(3), never)).toBe(true)
})

it('gives up on a job that nobody confirms', async () => {
  expect(await isConfirmed(request, appearingAt(Infinity), never, 250)).toBe(false)
})

it('does not keep a worker from stopping', async () => {
  const jobs = appearingAt(Infinity)
  expect(await isConfirmed(request, jobs, AbortSignal.abort())).toBe(false)
  expect(jobs.looks()).toBe(1)
})
