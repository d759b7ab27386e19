import { newJobId } from '@redeployster/shared/contract/job'
import { describe, expect, it, vi } from 'vitest'
import { silent } from './testing/api.ts'
import { withdraw } from './withdraw.ts'

const outage = new Error('Command timed out')
const soon = () => new Date(Date.now() + 60_000).toISOString()

function setUp(answers: (() => Promise<boolean>)[]) {
  const attempts = vi.fn<() => Promise<boolean>>(() => answers.shift()?.() ?? Promise.resolve(true))
  const stopping = new AbortController()
  const parts = { jobs: { withdraw: attempts } as never, logger: silent, stopping: stopping.signal }
  return { parts, attempts, stopping }
}

describe('a job that Redis did not confirm', () => {
  it('is taken back once Redis listens again', async () => {
    const { parts, attempts } = setUp([() => Promise.reject(outage), () => Promise.resolve(true)])
    await withdraw(parts, { id: newJobId(), startBy: soon() })
    expect(attempts).toHaveBeenCalledTimes(2)
  })

  it('is let be when it has begun', async () => {
    const { parts, attempts } = setUp([() => Promise.resolve(false)])
    await withdraw(parts, { id: newJobId(), startBy: soon() })
    expect(attempts).toHaveBeenCalledTimes(1)
  })

  it('is no more worried about once it may not start any more', async () => {
    const { parts, attempts } = setUp([])
    await withdraw(parts, { id: newJobId(), startBy: new Date(0).toISOString() })
    expect(attempts).not.toHaveBeenCalled()
  })

  it('does not keep an API from stopping', async () => {
    const { parts, attempts, stopping } = setUp(Array(9).fill(() => Promise.reject(outage)))
    attempts.mockImplementationOnce(() => {
      stopping.abort()
      return Promise.reject(outage)
    })
    await withdraw(parts, { id: newJobId(), startBy: soon() })
    expect(attempts).toHaveBeenCalledTimes(1)
  })
})
