import { once } from 'node:events'
import fs from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { giveDescriptors, leaveDescriptors } from '../harness/descriptors.ts'
import { createGate } from '../harness/gate.ts'
import { ask } from '../harness/http.ts'
import type { Part } from '../harness/process.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

/** An `up` that waits for the test when there is a gate. */
const up = `
echo before
if [ -e "$folder/gate" ]; then read _ <"$folder/gate"; fi
echo after
exit 3`

describeWithEngine('F52 without a free file descriptor', () => {
  let stage: Stage
  let api: Part
  let worker: Part

  beforeAll(async () => {
    stage = await setStage({ up, gate: 'none' })
    api = await stage.bench.startApi()
    worker = stage.bench.startWorker()
    await stage.published()
  })
  afterAll(() => stage.clear())

  async function expectHealed() {
    const { exitCode, body } = await stage.deploy().answer
    expect(exitCode).toBe('3')
    expect(body).toContain('before\nafter\n')
  }

  it('the API lives on, and answers again when connections are closed', async () => {
    await leaveDescriptors(api.pid, 20)
    const sockets = Array.from({ length: 100 }, () => {
      const { hostname, port } = new URL(stage.bench.url)
      return net.connect({ host: hostname, port: Number(port) }).on('error', () => {})
    })
    let answered = 0
    for (const socket of sockets) {
      socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
      socket.once('data', () => answered++)
    }
    await until('some are answered', () => answered >= 10)
    const other = ask('GET', `${stage.bench.url}/healthz`).answer.catch(() => undefined)
    for (const socket of sockets) {
      if (!socket.destroyed) {
        const closed = once(socket, 'close')
        socket.destroy()
        await closed
      }
    }
    await other
    await until('the API answers', async () => {
      const answer = await ask('GET', `${stage.bench.url}/readyz`).answer.catch(() => undefined)
      return answer?.status === 200
    })
    expect(api.output()).not.toContain('"level":60')
    // Still with few of them.
    await expectHealed()
    await giveDescriptors(api.pid)
  })

  it('of the worker while compose runs, the verdict waits for one, and the log is whole', async () => {
    const gate = await createGate(path.join(stage.compose.folder, 'gate'))
    const asked = stage.deploy()
    await until('the log has begun', () => asked.text().includes('before\n'))
    const runner = await runnerOf(stage)
    await leaveDescriptors(worker.pid, 0)
    await gate.remove()
    await until('the runner has ended', async () => !(await fs.readdir('/proc')).includes(runner))
    expect((await stage.jobs())[0]).toMatchObject({ state: 'running' })
    await giveDescriptors(worker.pid)

    const { exitCode, body } = await asked.answer
    expect(exitCode).toBe('3')
    expect(body).toMatch(/\nbefore\nafter\n/)
    await expectHealed()
  })

  it.each([0, 1, 2, 3, 4, 6, 8, 12, 16, 20])(
    'with %i left to the worker a deploy gets a true verdict, and the next one heals',
    async (count) => {
      const before = (await stage.compose.starts()).length
      await leaveDescriptors(worker.pid, count)
      const { status, exitCode, body } = await stage.deploy().answer
      await giveDescriptors(worker.pid)

      const isStarted = (await stage.compose.starts()).length > before
      expect(status).toBe(200)
      expect(['3', '125', '126']).toContain(exitCode)
      expect(exitCode === '3').toBe(isStarted)
      expect((await stage.jobs())[0]).toMatchObject({ exitCode: Number(exitCode), started: isStarted })
      expect(body).not.toContain('no longer where it was')
      await expectHealed()
    },
  )
})

/** The one step that runs. */
async function runnerOf({ bench }: Stage): Promise<string> {
  const jobs = path.join(bench.stateDir, 'jobs')
  const [job] = await fs.readdir(jobs)
  return (await fs.readFile(path.join(jobs, job ?? '', 'up', 'started'), 'utf8')).trim()
}
