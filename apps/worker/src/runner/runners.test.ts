import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { runStep } from './run-step.ts'
import { runnerText } from './runner.ts'
import { createRunners } from './runners.ts'

const { PATH = '' } = process.env
const waiting = { timeout: 20_000, interval: 5 }

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

const read = (name: string) => fs.readFileSync(path.join(folder, name), 'utf8')

function keepRunners() {
  const stopping = new AbortController()
  const run = createRunners({ PATH }, stopping.signal)
  const stop = () => {
    stopping.abort()
    return areGone()
  }
  onTestFinished(stop)
  return { run, stop }
}

/** The runners of this process that wait for a step, or carry one out. */
function runners(): readonly number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(process.pid), '-f', 'redeployster-runner'])
  return String(stdout).trim().split('\n').filter(Boolean).map(Number)
}

const kill = () => runners().forEach((pid) => process.kill(pid, 'SIGKILL'))
const areGone = () => vi.waitFor(() => expect(runners()).toEqual([]), waiting)

describe('a runner that waits for a step', () => {
  it('is the one that carries it out, and then there is another', async () => {
    const { run } = keepRunners()
    const [first] = runners()
    await runStep(folder, ['true'], run)
    expect(Number(read('started'))).toBe(first)
    const [second] = runners()
    expect(second).not.toBe(first)
  })

  it.each([
    { when: 'just now', killed: async () => kill() },
    { when: 'long ago', killed: async () => (kill(), areGone()) },
  ])('and was killed $when does not keep the step from being carried out once', async ({ killed }) => {
    const { run } = keepRunners()
    await killed()
    expect(await runStep(folder, ['sh', '-c', 'echo ran; exit 3'], run)).toBe(3)
    expect(read('out')).toBe('ran\n')
  })

  it('ends with the worker', async () => {
    const { stop } = keepRunners()
    expect(runners()).toHaveLength(1)
    await stop()
    expect(runners()).toEqual([])
  })
})

it('carries out nothing when the worker is killed before it has said all of what to do', () => {
  const text = runnerText(folder, ['touch', 'it’s done'])
  for (let length = 0; length < text.length - '\n'.length; length += 1) {
    spawnSync('sh', ['-s'], { input: text.slice(0, length) })
    expect([length, fs.readdirSync(folder)]).toEqual([length, []])
  }
  spawnSync('sh', ['-s'], { input: text })
  expect(fs.readdirSync(folder)).toContain('it’s done')
})
