import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterEach, expect, it } from 'vitest'
import { ask } from '../harness/http.ts'
import { published } from '../harness/layout.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

/** Hangs until it is stopped, unless the test has set it free. */
const hanging = '[ -e "$folder/free" ] || sleep 1000\nreal "$@"'

/** Ends when the test sets it free, whoever asks it to end before. */
const stubborn = `
trap 'echo asked >>"$folder/asked"' INT
until [ -e "$folder/free" ]; do sleep 0.1; done`

describeWithEngine('a job that is stopped', () => {
  let stage: Stage

  afterEach(() => stage.clear())

  const free = () => fs.writeFile(path.join(stage.compose.folder, 'free'), '')

  async function timesAsked() {
    const text = await fs.readFile(path.join(stage.compose.folder, 'asked'), 'utf8').catch(() => '')
    return text.split('\n').length - 1
  }

  async function begun(count = 1) {
    await until('compose has begun', async () => (await stage.compose.starts()).length === count)
  }

  const cancelNewest = async () => stage.cancel((await stage.jobs())[0]?.id)

  it('by its own time limit gets 124, and says what may be half done', async () => {
    stage = await setStage({ up: hanging, labels: 'redeployster.timeout: 1s' })
    await stage.begin()
    const { exitCode, body } = await stage.deploy().answer
    expect(exitCode).toBe('124')
    expect(body).toContain('took longer than it may; the service may be half replaced, or down: deploy again')
    expect(await stage.jobs()).toMatchObject([{ state: 'timed-out', started: true }])
  })

  it('by DELETE while compose runs gets 130, for all who share it, and heals', async () => {
    stage = await setStage({ up: hanging })
    await stage.begin()
    await stage.change()
    const first = stage.deploy()
    await begun()
    const shared = [stage.deploy(), stage.deploy()]
    await Promise.all(shared.map((it) => it.begun))
    await stage.cancel((await stage.jobs())[1]?.id)
    await begun(2)
    expect(await cancelNewest()).toMatchObject({ status: 202 })
    const answers = await Promise.all([first, ...shared].map((it) => it.answer))
    expect(answers.map(({ exitCode }) => exitCode)).toEqual(['130', '130', '130'])
    expect(await stage.jobs()).toMatchObject([
      { state: 'cancelled', started: true, requests: 2 },
      { state: 'cancelled', started: true, requests: 1 },
    ])
    expect(await cancelNewest()).toMatchObject({ status: 409 })

    await free()
    expect(await stage.deploy().answer).toMatchObject({ exitCode: '0' })
    expect(await stage.containers()).toMatchObject([{ status: 'running', version: '2' }])
  })

  it('by DELETE twice is asked to end once', async () => {
    stage = await setStage({ up: `${stubborn}; exit 130` })
    await stage.begin()
    const asked = stage.deploy()
    await begun()
    expect(await cancelNewest()).toMatchObject({ status: 202 })
    await until('compose is asked to end', async () => (await timesAsked()) === 1)
    expect(await cancelNewest()).toMatchObject({ status: 202 })
    await free()
    expect(await asked.answer).toMatchObject({ exitCode: '130' })
    expect(await timesAsked()).toBe(1)
  })

  it('but ends well in spite of that keeps its success', async () => {
    stage = await setStage({ up: `${stubborn}\nreal "$@"`, gate: 'none' })
    await stage.begin()
    await stage.change()
    const asked = stage.deploy()
    await begun()
    await cancelNewest()
    await until('compose is asked to end', async () => (await timesAsked()) === 1)
    await free()
    expect(await asked.answer).toMatchObject({ exitCode: '0' })
    expect(await stage.jobs()).toMatchObject([{ state: 'succeeded' }])
    expect(await stage.containers()).toMatchObject([{ status: 'running', version: '2' }])
  })

  it.each([
    ['ordered cancel', '130', {}],
    ['ordered timeout', '124', { DEPLOY_TIMEOUT: '2s' }],
  ])('is stopped by the next worker when one dies that has %s', async (boundary, code, env) => {
    stage = await setStage({ up: hanging })
    const dying = await stage.begin(boundary, env)
    const asked = stage.deploy()
    await begun()
    if (boundary === 'ordered cancel') await cancelNewest()
    await dying.exited
    stage.bench.startWorker()
    expect(await asked.answer).toMatchObject({ exitCode: code })
  })

  it('is asked once, and killed by the next worker when its time to end is up', async () => {
    stage = await setStage({ up: `${stubborn}; exit 130` })
    const worker = await stage.begin()
    const asked = stage.deploy()
    await begun()
    await cancelNewest()
    await until('compose is asked to end', async () => (await timesAsked()) === 1)
    await worker.end('SIGKILL')
    const [job] = await stage.jobs()
    const marker = path.join(stage.bench.stateDir, 'jobs', job?.id ?? '', 'up/asked')
    expect(Date.now() - Number(await fs.readFile(marker, 'utf8'))).toBeGreaterThanOrEqual(0)
    await fs.writeFile(marker, String(Date.now() - 30_000))
    stage.bench.startWorker()
    expect(await asked.answer).toMatchObject({ exitCode: '130' })
    expect(await stage.jobs()).toMatchObject([{ state: 'cancelled', started: true }])
    expect(await timesAsked()).toBe(1)
  })

  it('by DELETE while it waits gets 130 at once, and never starts', async () => {
    stage = await setStage({ up: hanging })
    await stage.begin()
    const first = stage.deploy()
    await begun()
    const [second, third] = [stage.deploy(), stage.deploy()]
    await Promise.all([second.begun, third.begun])
    const [waiting, running] = await stage.jobs()
    expect(await stage.cancel(waiting?.id)).toMatchObject({ status: 202 })
    for (const { answer } of [second, third]) {
      const { exitCode, body } = await answer
      expect(exitCode).toBe('130')
      expect(body).toContain('cancelled before it began; nothing was touched')
    }
    await stage.cancel(running?.id)
    await first.answer
    expect(await stage.compose.starts()).toHaveLength(1)
  })

  it('by DELETE while it waits for its lane gets 130 at once, and lets the next one through', async () => {
    const other = randomBytes(16).toString('hex')
    const lines = [
      '# The last line of hello',
      `\n  other: { <<: *base, depends_on: [hello], labels: { redeployster.token: ${other} } }`,
    ]
    stage = await setStage({ up: hanging, lines })
    await stage.begin()
    await published(stage.bench.url, other, 'other')
    const first = stage.deploy()
    await begun()
    const second = ask('POST', `${stage.bench.url}/other`, other)
    await until('the other waits', () => second.text().includes('waiting for job'))
    const [, id] = /job (\S+) deploys/.exec(second.text()) ?? []
    const cancelled = ask('DELETE', `${stage.bench.url}/jobs/${id}`, other).answer
    expect(await cancelled).toMatchObject({ status: 202 })
    expect(await second.answer).toMatchObject({ exitCode: '130' })
    await cancelNewest()
    await first.answer
    await free()
    expect(await stage.deploy().answer).toMatchObject({ exitCode: '0' })
  })

  it('by a stranger goes on', async () => {
    stage = await setStage({ up: hanging })
    await stage.begin()
    const asked = stage.deploy()
    await begun()
    const [job] = await stage.jobs()
    const stranger = ask('DELETE', `${stage.bench.url}/jobs/${job?.id}`, 'nobody').answer
    expect(await stranger).toMatchObject({ status: 401 })
    expect(await stage.jobs()).toMatchObject([{ state: 'running' }])
    await cancelNewest()
    await asked.answer
  })
})
