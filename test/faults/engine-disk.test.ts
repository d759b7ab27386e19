import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describeWithEngine, removeProjects } from '@redeployster/shared/testing/docker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mayHaveEngine, startOwnEngine, type OwnEngine } from '../harness/own-engine.ts'
import { setStage, type Stage } from '../harness/stage.ts'

const diskMb = 64

describe.runIf(mayHaveEngine)('an engine with a disk of its own', () => {
  describeWithEngine('when the disk of the engine is full', () => {
    let engine: OwnEngine
    let stage: Stage

    beforeAll(async () => {
      engine = await startOwnEngine({ diskMb })
      stage = await setStage()
      await stage.begin()
    })
    afterAll(async () => {
      await stage.clear()
      await removeProjects()
      await engine.remove()
    })

    it('F53 compose fails, what ran before still runs, and with room the next deploy works', async () => {
      const before = await stage.containers()
      const filler = path.join(engine.data, 'filler')
      // No more than the disk can hold, and so never the disk of the machine.
      await promisify(execFile)('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1M', `count=${diskMb}`]).catch(
        () => {},
      )
      await stage.change()
      const { exitCode, body } = await stage.deploy().answer
      expect(exitCode).toBe('1')
      expect(body).toContain('no space left on device')
      expect(await stage.jobs()).toMatchObject([{ state: 'failed', exitCode: 1, started: true }])
      expect(await stage.containers()).toEqual(before)

      await fs.rm(filler)
      expect(await stage.deploy().answer).toMatchObject({ exitCode: '0' })
      expect(await stage.containers()).toMatchObject([{ status: 'running', version: '2' }])
    })
  })
})
