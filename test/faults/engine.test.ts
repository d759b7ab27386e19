import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { describeWithEngine, docker, removeProjects } from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ask, post, type Asked } from '../harness/http.ts'
import { mayHaveEngine, startOwnEngine, type OwnEngine } from '../harness/own-engine.ts'
import type { Part } from '../harness/process.ts'
import { setStage, type Stage, type StageOptions } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

/** An `up` that says where it is before it touches the engine, and after, and goes on when the test says so. */
const halfWay = `
echo before
mkfifo "$folder/gate" 2>/dev/null
read _ <"$folder/gate"
real "$@"
code=$?
touch "$folder/ended"
exit $code`

describe.runIf(mayHaveEngine)('an engine that may be killed', () => {
  describeWithEngine('when the engine fails', () => {
    let engine: OwnEngine
    let stage: Stage
    let worker: Part

    beforeAll(async () => {
      engine = await startOwnEngine()
    })
    afterAll(() => engine?.remove())

    beforeEach(() => arrange())
    async function arrange(options: StageOptions = {}) {
      await engine.start()
      stage = await setStage({ up: halfWay, lines: ['restart: always'], ...options })
      worker = await stage.begin()
    }
    afterEach(async () => {
      engine.thaw()
      await engine.start()
      await stage.clear()
      await removeProjects()
    })

    const letGo = () => fs.writeFile(path.join(stage.compose.folder, 'gate'), 'go\n')
    const hasEnded = () => existsSync(path.join(stage.compose.folder, 'ended'))

    async function begun() {
      await stage.change()
      const asked = stage.deploy()
      await until('compose has begun', () => asked.text().includes('before\n'))
      return asked
    }

    async function deployed() {
      const asked = stage.deploy()
      await until('compose has begun', () => asked.text().includes('before\n'))
      await letGo()
      return asked.answer
    }

    const reasonOf = ({ exitCode, body }: { exitCode: unknown; body: string }) =>
      exitCode === '0' ? '' : body

    /** What must hold after each fault: the worker was not started again, and it deploys. */
    async function expectHealed(starts: number) {
      await stage.published()
      expect(await deployed()).toMatchObject({ status: 200, exitCode: '0' })
      expect(await stage.compose.starts()).toHaveLength(starts + 1)
      expect(await stage.containers()).toMatchObject([{ status: 'running', version: '2' }])
      expect(worker.output()).not.toContain('"level":60')
    }

    const verdictOf = async ({ answer }: Asked) => {
      const { exitCode, body, jobId } = await answer
      const [job] = await stage.jobs()
      expect(job).toMatchObject({ id: jobId, exitCode: Number(exitCode) })
      return { exitCode, body, state: job?.state, started: job?.started }
    }

    it('F35 away: a deploy is refused, nothing is started, and the service stays in the catalogue', async () => {
      await engine.stop()
      const verdict = await verdictOf(stage.deploy())
      expect(verdict).toMatchObject({ exitCode: '126', state: 'rejected', started: false })
      expect(verdict.body).toContain('the Docker engine does not answer')

      await engine.start()
      await stage.change()
      await expectHealed(0)
    })

    it('F41 frozen at the look: a deploy is refused, nothing is started', async () => {
      engine.freeze()
      const verdict = await verdictOf(stage.deploy())
      expect(verdict).toMatchObject({ exitCode: '126', state: 'rejected', started: false })
      engine.thaw()
      await stage.change()
      await expectHealed(0)
    })

    it('F41 frozen while compose runs: the deploy waits and goes on', async () => {
      const asked = await begun()
      engine.freeze()
      await letGo()
      const pid = (await stage.compose.starts())[0]?.split(' ').at(-1)
      await until('compose waits for the engine', () => hasConnection(Number(pid)))
      engine.thaw()
      expect(await verdictOf(asked)).toMatchObject({ exitCode: '0', state: 'succeeded' })
      expect(await stage.containers()).toMatchObject([{ status: 'running', version: '2' }])
      await expectHealed(1)
    })

    it('F42 stopped before compose comes to it: the deploy fails with the code of compose', async () => {
      const asked = await begun()
      await engine.stop()
      await letGo()
      expect(await verdictOf(asked)).toMatchObject({ exitCode: '1', state: 'failed', started: true })
      await engine.start()
      await expectHealed(1)
    })

    it('F42 killed while compose replaces the container: it fails, what hinders the rollback is said, and one of the next two heals', async () => {
      await stage.clear()
      const deaf = [
        'init: false',
        'stop_grace_period: 2s',
        'command: ["sh", "-c", "trap : TERM; while :; do sleep 1; done"]',
      ]
      await arrange({ lines: ['restart: always', ...deaf], labels: 'redeployster.rollback: true' })
      const asked = await begun()
      await letGo()
      await until('compose stops the old container', () => asked.text().includes('Recreate'))
      engine.kill()
      const verdict = await verdictOf(asked)
      expect(verdict).toMatchObject({ exitCode: '1', state: 'failed', started: true })
      expect(verdict.body).toMatch(
        /docker compose failed with exit code 1.*; rolling back failed \(.*\), the service may be down/,
      )
      await engine.start()
      await stage.published()
      // Compose has its name for the new container still in use, if it was killed between its making and its renaming.
      expect(reasonOf(await deployed())).toMatch(/^$|is already in use by container/)
      await expectHealed(2)
    })

    it('F42 restarted behind compose, in the gate: the gate waits for it, and judges what is there then', async () => {
      const asked = await begun()
      await letGo()
      await until('compose has ended', hasEnded)
      engine.kill()
      await engine.start()
      expect(await verdictOf(asked)).toMatchObject({ exitCode: '0', state: 'succeeded' })
      await expectHealed(1)
    })

    it('F35 away when the worker starts: a job waits for both', async () => {
      await worker.end('SIGKILL')
      await engine.stop()
      worker = stage.bench.startWorker()
      await worker.says('No Docker engine answers')
      await stage.change()
      const asked = stage.deploy()
      expect((await asked.begun).statusCode).toBe(200)
      await engine.start()
      await until('compose has begun', () => asked.text().includes('before\n'))
      await letGo()
      expect(await verdictOf(asked)).toMatchObject({ exitCode: '0', state: 'succeeded' })
      await expectHealed(1)
    })

    it('restarted while nothing runs: no service is taken for gone, and nothing is started', async () => {
      const seen = new Set<number>()
      const look = async () =>
        void seen.add((await ask('GET', `${stage.bench.url}/services`, stage.token).answer).status)
      for (const end of [() => engine.stop(), async () => engine.kill()]) {
        await end()
        await look()
        const isBack = engine.start().then(() => true)
        while (!(await Promise.race([isBack, look()]))) continue
      }
      await until('the worker has looked at it', async () => {
        await look()
        return (worker.output().match(/Cannot look at the Docker engine/g) ?? []).length >= 1
      })
      await stage.published()
      expect([...seen]).toEqual([200])
      expect(await stage.compose.starts()).toEqual([])
      await stage.change()
      await expectHealed(0)
    })

    it('come back empty: the service is gone, 410, and nothing is started for it', async () => {
      await engine.stop()
      await fs.rename(engine.data, `${engine.data}.aside`)
      await engine.start()
      await until('the service is gone', async () => {
        return (await post(`${stage.bench.url}/hello`, stage.token)).status === 410
      })
      expect(await stage.compose.starts()).toEqual([])
      expect(await docker('ps', '-aq')).toBe('')

      await engine.stop()
      await fs.rm(engine.data, { recursive: true })
      await fs.rename(`${engine.data}.aside`, engine.data)
      await engine.start()
      await stage.change()
      await expectHealed(0)
    })
  })
})

/** Whether a process or a child of it has a socket open. */
async function hasConnection(pid: number): Promise<boolean> {
  const children = await fs.readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  for (const child of children.split(' ').filter(Boolean)) {
    const descriptors = await fs.readdir(`/proc/${child}/fd`).catch(() => [])
    const links = await Promise.all(
      descriptors.map((it) => fs.readlink(`/proc/${child}/fd/${it}`).catch(() => '')),
    )
    if (links.some((link) => link.startsWith('socket:'))) return true
  }
  return false
}
