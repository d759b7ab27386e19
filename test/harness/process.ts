import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'

export interface Part {
  readonly pid: number
  /** Everything it has logged. */
  output(): string
  /** Resolves when the output holds the text. */
  says(text: string): Promise<void>
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>
  readonly exited: Promise<number | null>
}

const root = new URL('../../', import.meta.url).pathname

/** Starts `redeployster <words>` from the build, with nothing of our own environment but PATH and HOME. */
export function startRedeployster(words: readonly string[], env: Record<string, string>): Part {
  return startProcess(process.execPath, [`${root}packages/cli/bin/redeployster.js`, ...words], env)
}

export function startProcess(file: string, words: readonly string[], env: Record<string, string>): Part {
  const { PATH = '', HOME = '/root' } = process.env
  const child = spawn(file, words, { env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  let output = ''
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const look of listeners) look()
    })
  }
  return {
    pid: pidOf(child),
    output: () => output,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!output.includes(text)) return
          listeners.delete(look)
          resolve()
        }
        listeners.add(look)
        look()
        void exited.then(() => reject(new Error(`It ended without saying "${text}":\n${output}`)))
      }),
    async end(signal) {
      child.kill(signal)
      return exited
    },
    exited,
  }
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('Cannot start the process')
  return pid
}

/** Whether a SIGSTOP has reached it. */
export function isStopped(pid: number): boolean {
  return / T /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
