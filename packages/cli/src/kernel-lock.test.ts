import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { withKernelLock } from './kernel-lock.ts'

describe.skipIf(process.platform !== 'linux')('withKernelLock', () => {
  it('runs one action at a time', async () => {
    const name = `redeployster-test-${randomUUID()}`
    let atWork = 0
    let most = 0
    const action = async () => {
      most = Math.max(most, ++atWork)
      await new Promise(setImmediate)
      atWork--
    }
    await Promise.all(Array.from({ length: 5 }, () => withKernelLock(name, 10_000, action)))
    expect(most).toBe(1)
  })

  it('is free again when an action has failed', async () => {
    const name = `redeployster-test-${randomUUID()}`
    await expect(withKernelLock(name, 0, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    await expect(withKernelLock(name, 1000, () => Promise.resolve('done'))).resolves.toBe('done')
  })

  it('gives up on a process that keeps it, and gets it when that is killed', async () => {
    const name = `redeployster-test-${randomUUID()}`
    const code = `require('net').createServer().listen('\\0${name}', () => console.log('listens'))`
    const holder = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
    const take = (atMostMs: number) => withKernelLock(name, atMostMs, () => Promise.resolve('done'))
    await expect(take(50)).rejects.toThrow(/another process holds it/)
    const taken = take(10_000)
    holder.kill('SIGKILL')
    await expect(taken).resolves.toBe('done')
  })
})
