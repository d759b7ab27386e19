import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createGate, type Gate } from '../harness/gate.ts'
import type { Part } from '../harness/process.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

/** An `up` that waits for the test when there is a gate. */
const up = `
echo before
if [ -e "$folder/gate" ]; then read _ <"$folder/gate"; fi
echo after
exit 3`

const pageBytes = 4096
const pages = 64

const mayMount = process.getuid?.() === 0
const run = (file: string, ...words: string[]) => promisify(execFile)(file, words)

describe.runIf(mayMount)('on a disk of its own', () => {
  describeWithEngine('F50 when the state directory fails', () => {
    let stage: Stage
    let worker: Part
    let gate: Gate | undefined

    beforeAll(async () => {
      stage = await setStage({ up, gate: 'none' })
      const options = `size=${pages * pageBytes},huge=never`
      await run('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', stage.bench.stateDir)
      worker = await stage.begin()
    })
    afterEach(async () => {
      await leavePages(pages)
      await letGo()
    })
    afterAll(async () => {
      await stage.bench.clear().catch(() => {})
      await run('umount', '--lazy', stage.bench.stateDir)
      await stage.clear()
    })

    const filler = () => path.join(stage.bench.stateDir, 'filler')
    const jobFolders = () => fs.readdir(path.join(stage.bench.stateDir, 'jobs'))

    /** Takes all room but so many pages; each small file takes one. */
    async function leavePages(count: number) {
      await fs.rm(filler(), { force: true })
      if (count === pages) return
      await run('dd', 'if=/dev/zero', `of=${filler()}`, `bs=${pageBytes}`, `count=${pages}`).catch(() => {})
      const { size } = await fs.stat(filler())
      await fs.truncate(filler(), size - count * pageBytes)
    }

    async function begun() {
      gate = await createGate(path.join(stage.compose.folder, 'gate'))
      const before = (await stage.compose.starts()).length
      const asked = stage.deploy()
      await until('compose has begun', async () => (await stage.compose.starts()).length > before)
      return asked
    }

    async function letGo() {
      await gate?.remove()
      gate = undefined
    }

    async function startsOf(act: () => Promise<void>) {
      const before = (await stage.compose.starts()).length
      await act()
      return (await stage.compose.starts()).length - before
    }

    /** With room, and without another start of the worker. */
    async function expectHealed() {
      expect(await stage.deploy().answer).toMatchObject({ exitCode: '3' })
      await until('no job has left a folder', async () => (await jobFolders()).length === 0)
    }

    it.each([
      {
        room: 0,
        what: 'the request',
        exitCode: '126',
        starts: 0,
        says: 'cannot write to its state directory (ENOSPC',
      },
      { room: 1, what: 'the plan', exitCode: '126', starts: 0, says: 'the worker failed: ENOSPC' },
      { room: 2, what: 'the exit code', exitCode: '125', starts: 0, says: 'interrupted before it started' },
      {
        room: 3,
        what: 'the mark of the start',
        exitCode: '125',
        starts: 0,
        says: 'interrupted before it started',
      },
      { room: 4, what: 'the output', exitCode: '3', starts: 1, says: 'failed with exit code 3' },
      { room: 5, what: 'nothing', exitCode: '3', starts: 1, says: 'after\n' },
    ])('without room for $what the verdict is true: $exitCode', async ({ room, exitCode, starts, says }) => {
      await leavePages(room)
      const counted = await startsOf(async () => {
        const answer = await stage.deploy().answer
        expect(answer).toMatchObject({ status: 200, exitCode })
        expect(answer.body).toContain(says)
      })
      expect(counted).toBe(starts)
      expect((await stage.jobs())[0]).toMatchObject({ exitCode: Number(exitCode), started: starts === 1 })
      await leavePages(pages)
      await expectHealed()
    })

    it('cannot be written at all: a deploy is refused', async () => {
      await run('mount', '-o', 'remount,ro', stage.bench.stateDir)
      const { exitCode, body } = await stage.deploy().answer
      await run('mount', '-o', 'remount,rw', stage.bench.stateDir)
      expect(exitCode).toBe('126')
      expect(body).toContain('cannot write to its state directory (EROFS')
      await expectHealed()
    })

    it('full while compose runs: its exit code is kept all the same', async () => {
      const asked = await begun()
      await leavePages(0)
      await letGo()
      expect(await asked.answer).toMatchObject({ exitCode: '3' })
      await leavePages(pages)
      await expectHealed()
    })

    it('full when another worker goes on with what runs: the verdict is that of compose', async () => {
      const asked = await begun()
      await worker.end('SIGKILL')
      await leavePages(0)
      worker = stage.bench.startWorker()
      await worker.says('Goes on with a deploy')
      await letGo()
      expect(await asked.answer).toMatchObject({ exitCode: '3' })
      await leavePages(pages)
      await expectHealed()
    })

    it('emptied while compose runs: how it ended is unknown', async () => {
      const asked = await begun()
      await fs.rm(path.join(stage.bench.stateDir, 'jobs'), { recursive: true })
      await letGo()
      expect(await asked.answer).toMatchObject({ exitCode: '125' })
      expect((await stage.jobs())[0]).toMatchObject({ state: 'interrupted', started: true })
      await expectHealed()
    })

    it('emptied between two workers: what had begun is unknown, and is not started again', async () => {
      const counted = await startsOf(async () => {
        const asked = await begun()
        await worker.end('SIGKILL')
        await fs.rm(path.join(stage.bench.stateDir, 'jobs'), { recursive: true })
        worker = stage.bench.startWorker()
        expect(await asked.answer).toMatchObject({ exitCode: '125' })
        expect((await stage.jobs())[0]).toMatchObject({ state: 'interrupted', started: true })
      })
      expect(counted).toBe(1)
      await letGo()
      await expectHealed()
    })
  })
})
