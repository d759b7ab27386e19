import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished, vi } from 'vitest'

const root = new URL('../..', import.meta.url).pathname

/** Another process of the test that runs now. It is killed with the test, at the latest. */
export interface Script {
  /** Resolves when it has printed the text. */
  prints(text: string): Promise<void>
  signal(signal: NodeJS.Signals): void
  readonly ended: Promise<unknown>
}

// A process of its own that understands TypeScript as the tests do.
const prelude = `
import { createViteServer } from 'vitest/node'
const resolve = { conditions: ['@redeployster/source'] }
const server = { middlewareMode: true, hmr: false, ws: false, watch: null }
const quiet = { configFile: false, logLevel: 'error', appType: 'custom', optimizeDeps: { noDiscovery: true } }
const vite = await createViteServer({ ...quiet, root: process.cwd(), server, resolve, ssr: { resolve } })
const load = (file) => vite.ssrLoadModule(process.cwd() + '/src/' + file)
`

/** Runs the text as a module in which `load('file.ts')` imports a file of `src`. */
export function startScript(text: string): Script {
  const words = ['--input-type=module', '--eval', prelude + text]
  const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (data: string) => (output += data))
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    prints: (text) =>
      vi.waitFor(
        () => {
          if (!output.includes(text)) throw new Error(`It did not print "${text}" but:\n${output}`)
        },
        { timeout: 20_000, interval: 10 },
      ),
    signal: (signal) => void child.kill(signal),
    ended,
  }
}
