import { setTimeout as delay } from 'node:timers/promises'

const askAgainMs = 500

/** Opens a file as soon as there is a free descriptor for it: to have none says nothing about the file. */
export async function withDescriptor<Value>(open: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await open()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EMFILE' && code !== 'ENFILE') throw error
    }
    await delay(askAgainMs)
  }
}
