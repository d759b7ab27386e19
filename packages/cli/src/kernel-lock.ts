import { setTimeout as delay } from 'node:timers/promises'
import { tryKernelLock } from '@redeployster/shared/runtime/kernel-lock'

const againMs = 20

/** Runs the action while no other process on this machine runs one of the same name. */
export async function withKernelLock<Result>(
  name: string,
  atMostMs: number,
  action: () => Promise<Result>,
): Promise<Result> {
  const deadline = Date.now() + atMostMs
  const who = `pid ${process.pid}`
  let lock = await tryKernelLock(name, who)
  while (!lock) {
    if (Date.now() > deadline) throw new Error(`Cannot take the lock ${name}: another process holds it`)
    await delay(againMs)
    lock = await tryKernelLock(name, who)
  }
  try {
    return await action()
  } finally {
    lock.release()
  }
}
