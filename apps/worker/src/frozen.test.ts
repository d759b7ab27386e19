import type { Freeze, FrozenKey } from '@redeployster/shared/contract/freeze'
import { qualifiedName } from '@redeployster/shared/contract/service'
import { requestOf } from '@redeployster/shared/testing/requests'
import { expect, it } from 'vitest'
import { refuseFrozen } from './frozen.ts'

const freeze: Freeze = { who: 'anna', reason: 'the database moves', since: '2026-01-01T12:00:00.000Z' }

const freezes = {
  find: async (service: FrozenKey) => (qualifiedName(service) === 'shop/hello' ? freeze : undefined),
}

it('refuses a job of a frozen service, and says who, until when, why and what to do', async () => {
  expect(await refuseFrozen(requestOf('shop/hello'), freezes)).toEqual({
    state: 'rejected',
    exitCode: 126,
    started: false,
    reason:
      'rejected, nothing was started: shop/hello is frozen by anna until somebody lifts it (the database moves); ' +
      'deploy again when the freeze has ended',
  })
})

it('lets a job of any other service go on', async () => {
  expect(await refuseFrozen(requestOf('blog/hello'), freezes)).toBeUndefined()
})
