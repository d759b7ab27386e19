import { startProcess } from '../test/harness/process.ts'

const program = new URL('followers.ts', import.meta.url).pathname

export interface Followers {
  /** Resolves when all have been answered. */
  begun(): Promise<void>
  /** Resolves when the last one has been sent its last byte. */
  end(): Promise<Seen>
  kill(): Promise<unknown>
}

interface Seen {
  /** Line breaks, with those of the answer's own framing, of the one that saw the fewest. */
  readonly fewest: number
  readonly bytes: number
  /** From the first byte behind the header to the last, of all. */
  readonly ms: number
}

/** Followers in a process of their own, so that their work is not ours. */
export function follow(url: string, token: string, count: number): Followers {
  const part = startProcess(process.execPath, ['--import', 'tsx', program, url, token, String(count)], {})
  return {
    begun: () => part.says('begun'),
    async end() {
      const code = await part.exited
      const last = part.output().trim().split('\n').at(-1) ?? ''
      if (code !== 0) throw new Error(`The followers failed: ${last}`)
      return JSON.parse(last) as Seen
    },
    kill: () => part.end('SIGKILL'),
  }
}
