import { setTimeout as delay } from 'node:timers/promises'

const mostMs = 1000

/**
 * Waits for a check as long as an answer takes that comes at all, so that a process which cannot work does not seem to
 * start. A Redis that is away is no reason to wait any longer: the check goes on beside everything else.
 */
export async function untilAnswered(checking: Promise<void>): Promise<void> {
  await Promise.race([checking, delay(mostMs)])
}
