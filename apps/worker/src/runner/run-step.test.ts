import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { blockedStep } from '../testing/blocked-step.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { endOfStep, isStarted, runStep } from './run-step.ts'
import { createRunners } from './runners.ts'

const { PATH = '' } = process.env
const stopping = new AbortController()
const run = createRunners({ PATH }, stopping.signal)
afterAll(() => stopping.abort())

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

const step = (...argv: [string, ...string[]]) => runStep(folder, argv, run)
const sh = (text: string, ...words: string[]) => step('sh', '-c', text, ...words)
const file = (name: string) => path.join(folder, name)
const read = (name: string) => (fs.existsSync(file(name)) ? fs.readFileSync(file(name), 'utf8') : '')

describe('a step', () => {
  it.each([0, 1, 14, 126, 255])('ends with the exit code of its command: %i', async (code) => {
    expect(await sh(`exit ${code}`)).toBe(code)
    expect(await endOfStep(folder)).toBe(code)
  })

  it('ends with 127 when there is no such command, and its output says so', async () => {
    expect(await step('/nowhere/docker-compose', 'up')).toBe(127)
    expect(read('out')).toContain('/nowhere/docker-compose')
  })

  it.each([
    { signal: 'SIGKILL', code: 137 },
    { signal: 'SIGSEGV', code: 139 },
  ])('ends with 128 and the signal when $signal kills its command', async ({ signal, code }) => {
    expect(await sh(`kill -${signal.slice(3)} $$`)).toBe(code)
  })

  it('gives its words to the command as they are', async () => {
    const words = ['--help', '', 'two words', '$HOME', '`id`', '"', "'", '\\', '*', 'line\nline', '-n', 'é']
    await step('printf', '[%s]', ...words)
    expect(read('out')).toBe(words.map((word) => `[${word}]`).join(''))
  })

  it('has the environment that it was given and no other', async () => {
    vi.stubEnv('REDIS_URL', 'redis://secret')
    await runStep(folder, ['env'], createRunners({ PATH, TAG: 'a b' }, stopping.signal))
    vi.unstubAllEnvs()
    const names = read('out')
      .split('\n')
      .map((line) => line.split('=')[0])
    expect(read('out')).toContain('TAG=a b\n')
    expect(names).not.toContain('REDIS_URL')
  })

  it('prints both its streams into one file, in order', async () => {
    await sh('for i in 1 2 3; do echo "out $i"; echo "err $i" >&2; done')
    expect(read('out')).toBe('out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n')
  })

  it('has nothing to read, and works in its own folder, whatever that is called', async () => {
    await sh('cat; pwd')
    expect(read('out')).toBe(`${folder}\n`)
  })

  it('has a place for its exit code before its command runs', async () => {
    await sh('cat exit; exit 3')
    expect(read('out')).toBe('\n')
    expect(read('exit')).toBe('3\n')
  })

  it.each(['exit', 'started'])('does not run without a place for its file %s', async (name) => {
    fs.symlinkSync('/nowhere/file', file(name))
    expect(await step('touch', 'ran')).toBe('not-started')
    expect(fs.existsSync(file('ran'))).toBe(false)
  })
})

describe('a step that is started again', () => {
  it('in the same moment runs once, and both learn its end', async () => {
    for (let round = 0; round < 10; round++) {
      folder = temporaryFolder()
      const ends = await Promise.all([1, 2, 3].map(() => sh('echo ran; exit 5')))
      expect(ends).toEqual([5, 5, 5])
      expect(read('out')).toBe('ran\n')
    }
  })

  it('after its end does not run, and ends as it did', async () => {
    expect(await sh('echo first; exit 5')).toBe(5)
    expect(await sh('echo second; exit 0')).toBe(5)
    expect(read('out')).toBe('first\n')
  })

  it('after it was lost does not run: nobody knows what it did', async () => {
    fs.writeFileSync(file('started'), '')
    expect(await sh('echo ran')).toBe('lost')
    expect(read('out')).toBe('')
  })
})

describe('the end of a step', () => {
  it('is that it was not started, in an empty folder', async () => {
    expect(await isStarted(folder)).toBe(false)
    expect(await endOfStep(folder)).toBe('not-started')
  })

  it('is never missed by who waits for it: the lock is held until the exit code is there', async () => {
    const { end, unblock } = await startBlocked()
    fs.rmSync(file('exit'))
    const full = fullPipe(file('exit'))
    unblock()
    await vi.waitFor(() => expect(read('out')).toMatch(/unblocked\n$/), waiting)
    const asked = Array.from({ length: 20 }, () => spawnSync('flock', ['-n', file('alive'), 'true']).status)
    expect(new Set(asked)).toEqual(new Set([1]))
    fs.rmSync(file('exit'))
    fs.writeFileSync(file('exit'), '4\n')
    fs.readSync(full, Buffer.alloc(4096))
    expect(await end).toBe(4)
    fs.closeSync(full)
  })

  it.each([
    { signal: 'SIGINT', code: 130 },
    { signal: 'SIGTERM', code: 143 },
  ] as const)('is known when $signal goes to all its processes', async ({ signal, code }) => {
    const { end, runner } = await startBlocked()
    process.kill(-runner, signal)
    expect(await end).toBe(code)
    expect(await endOfStep(folder)).toBe(code)
  })

  it('is its command’s own when that does not mind a SIGTERM', async () => {
    const { end, runner, unblock } = await startBlocked('trap "" TERM')
    process.kill(-runner, 'SIGTERM')
    unblock()
    expect(await end).toBe(4)
  })

  it('is lost when its runner is killed, but only after the command has ended', async () => {
    const { end, runner, unblock } = await startBlocked()
    process.kill(runner, 'SIGKILL')
    await vi.waitFor(() => expect(waitingForLock(file('alive'))).toBe(true), waiting)
    const running = Promise.resolve('still running')
    expect(await Promise.race([end, running])).toBe('still running')
    unblock()
    expect(await end).toBe('lost')
    expect(read('out')).toMatch(/unblocked\n$/)
  })

  it.each(['', '\n', '1', 'x', '0x\n', '0 0\n', '-1\n', '1e9\n', '1000\n', '{}'])(
    'is lost when its exit code is %j',
    async (text) => {
      fs.writeFileSync(file('started'), '')
      fs.writeFileSync(file('exit'), text)
      expect(await endOfStep(folder)).toBe('lost')
    },
  )

  it('is lost when somebody has removed its folder: what is not there says nothing', async () => {
    expect(await sh('rm -r "$1"; exit 0', 'sh', folder)).toBe('lost')
  })

  it('is lost when all its processes are killed', async () => {
    const { end, runner } = await startBlocked()
    process.kill(-runner, 'SIGKILL')
    expect(await end).toBe('lost')
  })
})

const waiting = { timeout: 20_000, interval: 5 }

async function startBlocked(first?: string) {
  const blocked = blockedStep(folder, first)
  const end = step(...blocked.argv)
  return { end, runner: await blocked.runner(), unblock: blocked.unblock }
}

/** A pipe at which whoever writes waits until something is read. */
function fullPipe(name: string): number {
  execFileSync('mkfifo', [name])
  const pipe = fs.openSync(name, fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
  try {
    for (;;) fs.writeSync(pipe, Buffer.alloc(4096))
  } catch {
    return pipe
  }
}

/** Whether a process waits for the lock of a file. */
function waitingForLock(name: string): boolean {
  const inode = fs.statSync(name).ino
  return fs
    .readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .some((line) => line.includes('-> FLOCK') && line.includes(`:${inode} `))
}
