import { exitCode as contract } from '@redeployster/shared/contract/job'
import { expect, it } from 'vitest'
import { exitCode } from './exit-codes.ts'

it('gives the exit codes the meaning that they have everywhere', () => {
  expect(contract).toMatchObject(exitCode)
})
