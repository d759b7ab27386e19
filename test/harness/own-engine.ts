import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { testEngine, useEngine } from '@redeployster/shared/testing/docker'

/** A Docker engine of the test file's own, which it may stop, freeze and kill. */
export interface OwnEngine {
  /** Starts it again with what it has kept; containers that its end has left running are ended first. */
  start(): Promise<void>
  stop(): Promise<void>
  /** SIGKILL to the daemon. */
  kill(): void
  /** Connections are taken, and nothing is answered. */
  freeze(): void
  thaw(): void
  /** Where it keeps its images and containers. */
  readonly data: string
  remove(): Promise<void>
}

const root = new URL('../../', import.meta.url).pathname
const image = 'fixture/busybox:1'

/** Whether this machine lets us have one. */
export const mayHaveEngine = process.getuid?.() === 0 && hasDockerd()

/** Starts it, and makes it the engine of this test file. With `diskMb` it has a disk of that size. */
export async function startOwnEngine({ diskMb }: { diskMb?: number } = {}): Promise<OwnEngine> {
  const folder = fs.mkdtempSync(path.join(placeOf(testEngine().dockerHost), 'own-'))
  if (diskMb !== undefined) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', folder])
  const giveDiskBack = () => diskMb !== undefined && execFileSync('umount', ['--lazy', folder])
  /** Resolves to its last word. */
  async function script(word: 'start' | 'stop'): Promise<string> {
    const { stdout } = await promisify(execFile)(`${root}script/lib/engine`, [word, folder])
    return stdout.trim()
  }
  const signal = (name: NodeJS.Signals) =>
    process.kill(Number(fs.readFileSync(path.join(folder, 'dockerd.pid'), 'utf8')), name)
  // The file may end in the middle of a test.
  const stopAtExit = () => {
    execFileSync(`${root}script/lib/engine`, ['stop', folder], { stdio: 'ignore' })
    giveDiskBack()
  }
  process.once('exit', stopAtExit)

  const dockerHost = await script('start')
  await promisify(execFile)(`${root}script/lib/import-busybox`, [image], {
    env: { ...process.env, DOCKER_HOST: dockerHost },
  })
  useEngine(dockerHost)

  const engine: OwnEngine = {
    data: path.join(folder, 'data'),
    async start() {
      await script('start')
    },
    async stop() {
      await script('stop')
    },
    kill: () => void signal('SIGKILL'),
    freeze: () => void signal('SIGSTOP'),
    thaw: () => void signal('SIGCONT'),
    async remove() {
      process.off('exit', stopAtExit)
      await engine.stop()
      giveDiskBack()
      fs.rmSync(folder, { recursive: true, force: true })
    },
  }
  return engine
}

/** Beside an engine that was started for the tests, whoever ends that ends this one as well. */
function placeOf(dockerHost: string): string {
  const folder = path.dirname(dockerHost.replace('unix://', ''))
  return fs.existsSync(path.join(folder, 'dockerd.json')) ? path.dirname(folder) : os.tmpdir()
}

function hasDockerd(): boolean {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  return folders.some((folder) => fs.existsSync(path.join(folder, 'dockerd')))
}
