import { closeSync, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const askAgainMs = 500

/** Opens a file as soon as there is a free descriptor for it: to have none says nothing about the file. */
export async function withDescriptor<Value>(open: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!isWant(error)) throw error
    }
    await delay(askAgainMs)
  }
}

/** More than Node takes to start a child. */
const ofAChild = 12

/**
 * Whether there are enough to start a process. Where there are not, Node makes a child without streams, at which execa
 * fails so early that the child's own error ends the whole worker.
 */
export function mayStartProcess(): boolean {
  const opened: number[] = []
  try {
    while (opened.length < ofAChild) opened.push(openSync('/dev/null', 'r'))
    return true
  } catch (error) {
    if (isWant(error)) return false
    throw error
  } finally {
    for (const descriptor of opened) closeSync(descriptor)
  }
}

function isWant(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EMFILE' || code === 'ENFILE'
}
