import fs from 'node:fs/promises'
import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterEach, expect, it } from 'vitest'
import { createGate, type Gate } from '../harness/gate.ts'
import type { Asked } from '../harness/http.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { hasEnded, stepGroup } from '../harness/step-files.ts'
import { until } from '../harness/until.ts'

/** An `up` that waits, if there is a gate, before the real one. */
const up = `
echo before
if [ -e "$folder/gate" ]; then read _ <"$folder/gate"; fi
real "$@"
code=$?
echo "compose says $code"
exit $code`

describeWithEngine('on a host', () => {
  let stage: Stage
  let gate: Gate

  afterEach(async () => {
    await gate.remove()
    await stage.clear()
  })

  async function begun(): Promise<Asked> {
    gate = await createGate(path.join(stage.compose.folder, 'gate'))
    const asked = stage.deploy()
    await until('compose has begun', () => asked.text().includes('before\n'))
    return asked
  }

  const running = [expect.objectContaining({ status: 'running', version: '2' })]

  it('F48 where somebody runs compose by hand at the same time, both end, and the verdict is that of compose', async () => {
    stage = await setStage({ up })
    await stage.begin()
    await stage.change()
    const asked = await begun()
    const byHand = stage.project.compose('up', '-d', '--force-recreate').catch(() => {})
    await gate.open()
    const [{ exitCode, body }] = await Promise.all([asked.answer, byHand])

    // A conflict of names is its 1; one that succeeds may find its container taken away again, which the gate sees.
    const [, said] = /^compose says (\d+)$/m.exec(body) ?? []
    expect([exitCode, '0']).toContain(said)
    const [job] = await stage.jobs()
    expect(job?.state).toBe(exitCode === '0' ? 'succeeded' : 'failed')
    expect(await stage.compose.starts()).toHaveLength(1)
    // Two at once may leave no container at all, for which a deploy does nothing: whoever began by hand ends by hand.
    await gate.remove()
    await stage.project.up().catch(() => stage.project.up())
    await stage.published()
    expect(await stage.deploy().answer).toMatchObject({ exitCode: '0' })
    expect(await stage.containers()).toEqual(running)
    await until('no job has left a folder', async () => {
      return (await fs.readdir(path.join(stage.bench.stateDir, 'jobs'))).length === 0
    })
  })

  it('F49 that is started anew, what ran is interrupted, is not started again, and the next deploy works', async () => {
    stage = await setStage({ up })
    const api = await stage.bench.startApi()
    const worker = stage.bench.startWorker()
    await stage.published()
    const asked = await begun()
    const { headers } = await asked.begun
    const group = await stepGroup(stage, 'up')
    // All at once, as when the power is off; what is on disk stays.
    await Promise.all([api.end('SIGKILL'), worker.end('SIGKILL'), stage.bench.redis.kill('SIGKILL')])
    process.kill(-group, 'SIGKILL')
    await expect(asked.answer).rejects.toThrow(/hang up|cut|aborted/)

    await stage.bench.redis.restart()
    await stage.bench.startApi()
    stage.bench.startWorker()
    const [job] = await until('history has the verdict', async () => {
      const jobs = await stage.jobs().catch(() => undefined)
      return jobs?.[0]?.exitCode !== undefined && jobs
    })
    expect(job).toMatchObject({ id: headers['job-id'], state: 'interrupted', exitCode: 125, started: true })
    expect(await stage.compose.starts()).toHaveLength(1)
    await gate.remove()
    await stage.published()
    await stage.change()
    expect(await stage.deploy().answer).toMatchObject({ exitCode: '0' })
    expect(await stage.containers()).toEqual(running)
  })

  it.each([
    { fate: 'goes on', signal: 'SIGCONT', who: 'first' },
    { fate: 'is killed', signal: 'SIGKILL', who: 'second' },
  ] as const)(
    'F32 where a worker is frozen and then $fate, the $who one tells the one verdict',
    async ({ signal }) => {
      stage = await setStage({ up })
      const first = await stage.begin()
      await stage.change()
      const asked = await begun()
      process.kill(first.pid, 'SIGSTOP')
      const second = stage.bench.startWorker()
      await second.says('Another worker serves this engine')
      await gate.remove()
      await until('compose has ended', () => hasEnded(stage, 'up'))
      const next = stage.deploy()
      await next.begun
      // Whoever has not the lock of the engine fetches nothing, adopts nothing and tells nothing.
      expect((await stage.jobs()).map(({ exitCode }) => exitCode)).toEqual([undefined, undefined])
      expect(second.output()).not.toMatch(/fetched|Goes on/)

      process.kill(first.pid, signal)
      expect(await asked.answer).toMatchObject({ exitCode: '0' })
      expect(await next.answer).toMatchObject({ exitCode: '0' })
      expect(await stage.compose.starts()).toHaveLength(2)
      expect(asked.text().match(/exit-code: /g)).toHaveLength(1)
      expect(await stage.containers()).toEqual(running)
      const isSecondAtWork = second.output().includes('"at":"fetched"')
      expect(isSecondAtWork).toBe(signal === 'SIGKILL')
    },
  )
})
