import { requestOf } from '@redeployster/shared/testing/requests'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { decide } from './decide.ts'
import type { DeployPorts, Job } from './job.ts'
import { openJobDirectory } from './job-directory.ts'
import { createStopOrder } from './stop-order.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const logger = pino({ level: 'silent' })

const tooLate = requestOf('shop/hello', { startBy: new Date(Date.now() - 1000).toISOString() })

async function decided(isPlanned: boolean) {
  const directory = await openJobDirectory(temporaryFolder(), tooLate, logger)
  if (isPlanned) {
    const before = { containers: [] }
    const up = ['compose', 'up'] as [string, ...string[]]
    await directory.writePlan({ lane: ['hello'], up, image: 'hello:1', gateMs: 0, timeoutMs: 1, before })
  }
  const job: Partial<Job> = { request: tooLate, directory, logger, stop: createStopOrder() }
  const ports = {
    queues: { releaseJoinKey: async () => {} },
    freezes: { find: async () => undefined },
    look: async () => ({ kind: 'rejected', reason: 'it was looked at' }),
  } as unknown as DeployPorts
  return decide(job as Job, ports)
}

it('a job that no worker took in time is expired', async () => {
  expect(await decided(false)).toMatchObject({ state: 'expired', started: false })
})

it('one that an earlier worker took in time is not, however long it has waited for its lane', async () => {
  expect(await decided(true)).toMatchObject({ state: 'rejected' })
})
