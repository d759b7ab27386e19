import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { blockedStep } from '../testing/blocked-step.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { runStep } from './run-step.ts'
import { createRunners } from './runners.ts'
import { stopStep } from './stop-step.ts'

const { PATH = '' } = process.env
const run = createRunners({ PATH }, new AbortController().signal)
const waiting = { timeout: 20_000, interval: 5 }

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

/** Starts a step that never ends by itself; `ended` is its end. */
async function startBlocked(first?: string) {
  const step = blockedStep(folder, first)
  const ended = runStep(folder, step.argv, run)
  await step.runner()
  return { ended }
}

const printed = () => fs.readFileSync(path.join(folder, 'out'), 'utf8')

/** A process, the leader of its group, that is none of a step. */
function startStranger() {
  const stranger = spawn('sleep', ['infinity'], { detached: true, stdio: 'ignore' })
  onTestFinished(() => void stranger.kill('SIGKILL'))
  return { pid: String(stranger.pid), wasKilled: () => stranger.signalCode !== null }
}

it('asks all processes of a step to end, as Ctrl-C would', async () => {
  const { ended } = await startBlocked()
  await stopStep(folder, ended)
  expect(await ended).toBe(130)
})

it('asks a step that is about to start as soon as it has', async () => {
  const ended = runStep(folder, blockedStep(folder).argv, run)
  await stopStep(folder, ended, 3_600_000)
  // It may have been asked before its command was started.
  expect([130, 'lost']).toContain(await ended)
})

it('leaves it to whoever follows the step that its end is not known', async () => {
  const ended = Promise.reject(new Error('The disk is broken'))
  expect(await stopStep(folder, ended)).toBeUndefined()
})

it('kills a step that does not end when it is asked to', async () => {
  const { ended } = await startBlocked('trap "" INT')
  await stopStep(folder, ended, 10)
  expect(await ended).toBe('lost')
})

describe('a step that an earlier worker has asked to end', () => {
  const asked = (text: string) => fs.writeFileSync(path.join(folder, 'asked'), text)
  /** Says when it is asked to end, and goes on until there is a file `free`. */
  const stubborn = 'trap "echo asked" INT; echo ready; until [ -e free ]; do sleep 0.05; done; exit 4'

  async function startStubborn() {
    const ended = runStep(folder, ['sh', '-c', stubborn], run)
    await vi.waitFor(() => expect(printed()).toContain('ready'), waiting)
    return { ended }
  }

  it('is not asked again, and may take what is left of its time', async () => {
    const { ended } = await startStubborn()
    const earlier = stopStep(folder, ended, 3_600_000)
    await vi.waitFor(() => expect(printed()).toContain('asked'), waiting)

    const stopping = stopStep(folder, ended, 3_600_000)
    // Whoever would ask does so before it waits for the end, and this step takes a while to see that it may end.
    fs.writeFileSync(path.join(folder, 'free'), '')
    await Promise.all([earlier, stopping])
    expect(await ended).toBe(4)
    expect(printed().match(/asked/g)).toHaveLength(1)
  })

  it.each([
    ['when its time is up', '1000'],
    ['from now on when nobody knows since when', ''],
    ['from now on when the clock was set back', String(Date.now() + 3_600_000)],
  ])('is killed %s', async (_, marker) => {
    const { ended } = await startStubborn()
    asked(marker)
    await stopStep(folder, ended, marker === '1000' ? 3_600_000 : 10)
    expect(await ended).toBe('lost')
    expect(printed()).not.toContain('asked')
  })
})

it.each([
  { what: 'that has ended', start: () => runStep(folder, ['true'], run) },
  { what: 'that was not started', start: async () => {} },
])('does nothing about a step $what, even if its number belongs to somebody else now', async ({ start }) => {
  await start()
  const { pid, wasKilled } = startStranger()
  fs.writeFileSync(path.join(folder, 'started'), pid)
  await stopStep(folder, Promise.resolve())
  expect(wasKilled()).toBe(false)
})

it.each(['', '0', '1', '-1', 'x'])('does nothing when the number of the process is %j', async (pid) => {
  fs.writeFileSync(path.join(folder, 'started'), pid)
  await expect(stopStep(folder, Promise.resolve())).resolves.toBeUndefined()
})
