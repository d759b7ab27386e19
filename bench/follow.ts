import { startProcess } from '../test/harness/process.ts'
import type { AtEnd } from './ending.ts'

const program = new URL('followers.ts', import.meta.url).pathname

export interface Followers {
  /** Resolves when all have been answered. */
  begun(): Promise<void>
  /** Resolves when the last one has been sent its last byte; rejects when one of them has not heard the verdict. */
  end(): Promise<Seen>
}

interface Seen {
  /** Of lines that are the numbers from 1: how far they went in order, for the one that saw the fewest. */
  readonly fewestLines: number
  /** By the clock of `Date.now`. */
  readonly endedAtMs: number
}

/** Followers in a process of their own, so that their work is not ours. */
export function follow(atEnd: AtEnd, url: string, token: string, count: number): Followers {
  const part = startProcess(process.execPath, ['--import', 'tsx', program, url, token, String(count)], {})
  atEnd(() => part.end('SIGKILL'))
  return {
    begun: () => part.says('begun'),
    async end() {
      await part.says('endedAtMs')
      const last = part.output().trim().split('\n').at(-1) ?? ''
      await part.end('SIGKILL')
      const { toldVerdict, ...seen } = JSON.parse(last) as Seen & { toldVerdict: number }
      if (toldVerdict < count)
        throw new Error(`${count - toldVerdict} of ${count} have not heard the verdict`)
      return seen
    },
  }
}
