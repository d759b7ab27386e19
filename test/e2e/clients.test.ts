import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { createProject, describeWithEngine, removeProjects } from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createGate, type Gate } from '../harness/gate.ts'
import { ask, getJson, post, type Asked } from '../harness/http.ts'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { until } from '../harness/until.ts'

const token = randomBytes(16).toString('hex')
const yaml = `
  services:
    hello: { <<: *base, labels: { redeployster.token: ${token} } }
`

interface Job {
  readonly state: string
  readonly exitCode?: number
}

describeWithEngine('a deploy goes on to its true end, and the whole log is kept', () => {
  let compose: ScriptedCompose
  let deployment: Deployment
  let url: string
  let gate: Gate

  async function arrange(...[layout]: Parameters<typeof deployRedeployster>) {
    const project = await createProject({ yaml })
    await project.up()
    compose = await scriptCompose('. "$folder/up"')
    deployment = await deployRedeployster(layout, { COMPOSE_COMMAND: compose.command })
    url = deployment.urls[0]
    await published(url, token, 'hello')
  }
  beforeEach(async () => {
    gate = await createGate(path.join(compose.folder, 'gate'))
  })
  afterEach(() => gate.remove())
  async function clear() {
    await deployment?.stop()
    await compose?.remove()
    await removeProjects()
  }

  async function script(up: string) {
    await fs.rm(path.join(compose.folder, 'starts'), { force: true })
    await fs.writeFile(path.join(compose.folder, 'up'), up)
  }

  /** A deploy that has printed `before`, and prints `after` and fails with 3 once the gate is open. */
  async function halfWay(): Promise<{ asked: Asked; id: string }> {
    await script('echo before; read _ <"$folder/gate"; echo after; exit 3')
    const asked = ask('POST', `${url}/hello`, token)
    await until('compose has begun', () => asked.text().includes('before\n'))
    return { asked, id: String((await asked.begun).headers['job-id']) }
  }

  async function finished(id: string): Promise<Job> {
    return until('the job has its verdict', async () => {
      const job = await getJson<Job>(`${url}/jobs/${id}`, token)
      return job.exitCode !== undefined && job
    })
  }

  async function logOf(id: string): Promise<string> {
    return (await ask('GET', `${url}/jobs/${id}/log`, token).answer).body
  }

  /** How a deploy from half way on has ended. */
  async function endOf(id: string) {
    const { state, exitCode } = await finished(id)
    return { state, exitCode, log: await logOf(id), starts: (await compose.starts()).length }
  }

  const trueEnd = {
    state: 'failed',
    exitCode: 3,
    log: expect.stringMatching(
      /^before\nafter\nredeployster: .*exit code 3.*\nredeployster: job \S+ exit-code: 3\n$/,
    ) as string,
    starts: 1,
  }

  describe.each(layouts)('with %s', (layout) => {
    beforeAll(() => arrange(layout))
    afterAll(clear)

    it('when the client hangs up', async () => {
      const { asked, id } = await halfWay()
      asked.hangUp()
      await deployment.process('api').says('Client left')
      await gate.open()
      expect(await endOf(id)).toEqual(trueEnd)
    })

    it('when a client stops reading, and the others get all of it', async () => {
      const bytes = 30_000_000
      await script(`yes 'a line of many, and none of them is read by everybody' | head -c ${bytes}`)
      const stalled = await openAndNeverRead(`${url}/hello`)
      const id = String(stalled.headers['job-id'])
      const other = await ask('GET', `${deployment.urls.at(-1)}/jobs/${id}/log?follow`, token).answer

      expect(other.exitCode).toBe('0')
      expect(other.body.length).toBeGreaterThan(bytes)
      await script('echo small')
      expect(await post(`${url}/hello`, token)).toMatchObject({ exitCode: '0' })
      expect(stalled.socket.bytesRead).toBeLessThan(bytes / 2)
      stalled.destroy()
    })

    it('when the API is asked to stop, which its streams say instead of a verdict', async () => {
      const { asked, id } = await halfWay()
      const { exited } = deployment.process('api')
      await deployment.end('api', 'SIGTERM')
      const { body, exitCode } = await asked.answer

      expect(await exited).toBe(0)
      expect(body.endsWith(`\nbefore\nredeployster: API stopping; job ${id} goes on\n`)).toBe(true)
      expect(exitCode).toBeUndefined()
      await gate.open()
      await deployment.start()
      expect(await endOf(id)).toEqual(trueEnd)
    })

    it('when the worker is asked to stop, which leaves compose at work for the next one', async () => {
      const { id } = await halfWay()
      const { exited } = deployment.process('worker')
      const [start = ''] = await compose.starts()
      await deployment.end('worker', 'SIGTERM')

      expect(await exited).toBe(0)
      expect(() => process.kill(pidOf(start), 0)).not.toThrow()
      await gate.open()
      await until('compose has ended', () => !isAlive(pidOf(start)))
      await deployment.start()
      expect(await endOf(id)).toEqual(trueEnd)
    })
  })

  describe('and its stream shows all of it', () => {
    beforeAll(() => arrange('two APIs and a worker'))
    afterAll(clear)

    it('when the worker is stopped and another one takes over', async () => {
      const { asked, id } = await halfWay()
      await deployment.end('worker', 'SIGTERM')
      await gate.open()
      await deployment.start()
      const { body, exitCode } = await asked.answer
      expect(exitCode).toBe('3')
      expect(body.slice(body.indexOf('\n') + 1)).toBe(await logOf(id))
    })

    it('when Redis is killed and started again, with no line missing or doubled', async () => {
      await script(`
seq -f 'line %.0f before' 100000
read _ <"$folder/gate"
seq -f 'line %.0f while Redis is away' 5000
touch "$folder/printed"
read _ <"$folder/gate"
seq -f 'line %.0f after' 5000
exit 3`)
      const asked = ask('POST', `${url}/hello`, token)
      await until('the first lines arrive', () => asked.text().includes('line 1 before\n'))
      await deployment.redis?.kill('SIGKILL')
      await gate.open()
      await until('compose has printed more', () => exists(path.join(compose.folder, 'printed')))
      await deployment.redis?.restart()
      await gate.open()
      const { body, exitCode } = await asked.answer

      const printed = body.split('\n').filter((line) => line.startsWith('line '))
      const expected = [
        ...numbered(100_000, 'before'),
        ...numbered(5000, 'while Redis is away'),
        ...numbered(5000, 'after'),
      ]
      expect(printed.length).toBe(expected.length)
      expect(printed.join('\n') === expected.join('\n')).toBe(true)
      expect(exitCode).toBe('3')
    })
  })
})

function numbered(count: number, when: string): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index + 1} ${when}`)
}

async function openAndNeverRead(url: string): Promise<http.IncomingMessage> {
  const headers = { authorization: `Bearer ${token}` }
  const request = http.request(url, { method: 'POST', agent: false, headers }).end()
  request.on('error', () => {})
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.on('error', () => {})
  return response
}

function pidOf(start: string): number {
  return Number(start.split(' ').at(-1))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // No such process.
    return false
  }
}

async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  )
}
