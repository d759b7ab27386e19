import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { keys } from '@redeployster/shared/redis/keys'
import { createProject, describeWithEngine, removeProjects } from '@redeployster/shared/testing/docker'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startFaultProxy, type FaultProxy } from '../harness/fault-proxy.ts'
import { createGate, type Gate } from '../harness/gate.ts'
import { ask } from '../harness/http.ts'
import { deployRedeployster, published, type Deployment } from '../harness/layout.ts'
import { startPageProxy, type PageProxy } from '../harness/page-proxy.ts'
import { codeBlock } from '../harness/pages.ts'
import { startProcess } from '../harness/process.ts'
import { scriptCompose, type ScriptedCompose } from '../harness/scripted-compose.ts'
import { shell } from '../harness/shell.ts'
import { until } from '../harness/until.ts'

const token = randomBytes(16).toString('hex')
const yaml = `
  services:
    hello: { <<: *base, labels: { redeployster.token: ${token} } }
`

const newKey = () => randomBytes(8).toString('hex')
const right = `-H'Authorization: Bearer ${token}'`
const wget = `wget -qO- --post-data= --header='Authorization: Bearer ${token}'`
const patient = `curl -sSN --retry 3 --retry-delay 1 -XPOST ${right}`
const retrying = `${patient} --retry-all-errors`

const fetching = `fetch(process.argv[1], { method: 'POST', headers: { Authorization: 'Bearer ${token}' } })
  .then(({ ok }) => process.exit(ok ? 0 : 1))`

describeWithEngine('a pipeline', () => {
  let compose: ScriptedCompose
  let deployment: Deployment
  let redis: Redis
  let proxy: FaultProxy
  let pages: PageProxy
  let gate: Gate
  let url: string

  beforeAll(async () => {
    const project = await createProject({ yaml })
    await project.up()
    compose = await scriptCompose('. "$folder/up"')
    deployment = await deployRedeployster('two APIs and a worker', { COMPOSE_COMMAND: compose.command })
    redis = connectRedis(deployment.redisUrl ?? '', 'patient', pino({ enabled: false }))
    const [direct] = deployment.urls
    await published(direct, token, 'hello')
    proxy = await startFaultProxy(Number(new URL(direct).port))
    url = `http://127.0.0.1:${proxy.port}`
    pages = await startPageProxy(direct)
  })
  beforeEach(async () => {
    gate = await createGate(path.join(compose.folder, 'gate'))
    await script('exit 0')
  })
  afterEach(() => gate.remove())
  afterAll(async () => {
    redis?.disconnect()
    await proxy?.close()
    await pages?.close()
    await deployment?.stop()
    await compose?.remove()
    await removeProjects()
  })

  async function script(up: string) {
    await fs.rm(path.join(compose.folder, 'starts'), { force: true })
    await fs.writeFile(path.join(compose.folder, 'up'), up)
  }
  const run = (line: string) => shell(line, compose.folder)
  const starts = async () => (await compose.starts()).length

  describe('that waits for the verdict is red exactly when the deploy has failed:', () => {
    it.each([
      ['curl -XPOST', `curl -fsSL --max-redirs -1 -XPOST ${right}`],
      ['curl --post303', `curl -fsSL --post303 -d '' ${right}`],
      ['curl with GET after the redirect', `curl -fsSL -d '' ${right}`],
      ['curl of HTTP/1.0', `curl -0 -fsSL -XPOST ${right}`],
      ['curl --retry', `curl -fsSL --retry 3 -XPOST ${right}`],
      ['wget', wget],
      ['fetch', `node -e "${fetching}"`],
    ])('%s', async (_, command) => {
      await script('echo deploying; exit 0')
      expect(await run(`${command} '${url}/hello?wait'`)).toMatchObject({ code: 0 })
      await script('echo deploying; exit 3')
      expect((await run(`${command} '${url}/hello?wait'`)).code).toBeGreaterThan(0)
      expect(await starts()).toBe(1)
    })

    it('and curl shows the log, also of a failure', async () => {
      await script('echo deploying; exit 3')
      const { code, stdout } = await run(`curl --fail-with-body -sSL -XPOST ${right} '${url}/hello?wait'`)
      expect(code).toBe(22)
      expect(stdout).toMatch(/^deploying\n(.*\n)*redeployster: job \S+ exit-code: 3\n$/)
    })
  })

  /** Each with the exit code of its own that a failed deploy gives it, and the runs that it causes without a key. */
  const clients = [
    { name: 'curl that streams', command: retrying, path: '/hello', code: 0, runs: 2 },
    // Without -f: with it, --retry-all-errors takes a failed deploy for one of the errors. It asks for the verdict again,
    // and not for another deploy; so does wget.
    { name: 'curl that waits', command: `${retrying} -L`, path: '/hello?wait', code: 0, runs: 1 },
    { name: 'wget that streams', command: wget, path: '/hello', code: 0, runs: 2 },
    { name: 'wget that waits', command: `${wget} --content-on-error`, path: '/hello?wait', code: 8, runs: 1 },
  ]
  const failed = /redeployster: job \S+ exit-code: 3\n$/
  const waiting = 'echo deploying; read _ <"$folder/gate"; exit 3'
  const withKey = (command: string) =>
    `${command} ${command.startsWith('wget') ? '--header=' : '-H'}'Idempotency-Key: ${newKey()}'`

  /** How many follow a log, or wait for a verdict. */
  const followers = async () => (await redis.pubsub('CHANNELS', keys.logChannel('*'))).length
  const lost = () => deployment.output().match(/"Client left"|\/verdict","status":303/g)?.length ?? 0

  /** Cuts the connection of a client in the middle, and resolves when it is back. */
  async function cut() {
    const before = lost()
    await until('the client follows', async () => (await followers()) === 1)
    await proxy.set('reset')
    await proxy.set('pass')
    await until('the API has noticed', () => lost() > before)
    await until('the client is back', async () => (await followers()) === 1)
  }

  describe('whose connection is cut, and that asks again,', () => {
    it.each(clients)('has one deploy with an Idempotency-Key: $name', async ({ command, path, code }) => {
      await script(waiting)
      const ended = run(`${withKey(command)} '${url}${path}'`)
      await until('compose runs', async () => (await starts()) === 1)
      // As often as curl retries.
      for (let cuts = 0; cuts < 3; cuts++) await cut()
      await gate.open()
      const { code: seen, stdout } = await ended
      expect(stdout).toMatch(failed)
      expect([seen, await starts()]).toEqual([code, 1])
    })

    it.each(clients)('has at most one more without a key: $name', async ({ command, path, code, runs }) => {
      await script(waiting)
      const ended = run(`${command} '${url}${path}'`)
      await until('compose runs', async () => (await starts()) === 1)
      await cut()
      for (let opened = 0; opened < runs; opened++) await gate.open()
      const { code: seen, stdout } = await ended
      expect(stdout).toMatch(failed)
      expect([seen, await starts()]).toEqual([code, runs])
    })

    it.each(clients)(
      'has no more without a key while the first is queued: $name',
      async ({ command, path, code }) => {
        await deployment.end('worker', 'SIGTERM')
        await script('exit 3')
        const ended = run(`${command} '${url}${path}'`)
        await cut()
        await deployment.start()
        const { code: seen, stdout } = await ended
        expect(stdout).toMatch(failed)
        expect([seen, await starts()]).toEqual([code, 1])
      },
    )
  })

  /** Each with what it asks for when its answer is lost. */
  const retries = [
    { name: 'curl --retry 3 that streams', command: patient, path: '/hello', lost: '/hello' },
    { name: 'curl --retry 3 that waits', command: `${patient} -L`, path: '/hello?wait', lost: '/hello' },
    { name: 'curl --retry 3 that is held', command: `${patient} -L`, path: '/hello?wait', lost: '/jobs/' },
  ]

  /** So many requests arrive, but whoever sent them hears 504 from a proxy. */
  function lose(count: number, begin: string) {
    let left = count
    const matches = ({ url = '' }) => url.startsWith(begin) && left-- > 0
    pages.answer({ status: 504, isLate: true, matches })
  }

  describe('whose answers are lost, since a proxy says 504,', () => {
    it.each(retries)('has one deploy with an Idempotency-Key: $name', async ({ command, path, lost }) => {
      await script('exit 3')
      const before = pages.pages()
      lose(3, lost)
      const { stdout } = await run(`${withKey(command)} '${pages.url}${path}'`)
      expect(stdout).toMatch(failed)
      expect([pages.pages() - before, await starts()]).toEqual([3, 1])
    })

    it.each(retries)(
      'has at most one more for each retry without a key: $name',
      async ({ command, path, lost }) => {
        await script('exit 3')
        const before = pages.pages()
        lose(2, lost)
        const { stdout } = await run(`${command} '${pages.url}${path}'`)
        expect(stdout).toMatch(failed)
        expect(pages.pages() - before).toBe(2)
        expect([1, 2, 3]).toContain(await starts())
      },
    )

    it.each(retries.filter(({ lost }) => lost === '/hello'))(
      'has no more without a key while the first is queued: $name',
      async ({ command, path, lost }) => {
        await deployment.end('worker', 'SIGTERM')
        await script('exit 3')
        const before = pages.pages()
        lose(2, lost)
        const ended = run(`${command} '${pages.url}${path}'`)
        await until('it has heard of nothing but 504', () => pages.pages() === before + 2)
        await until('it follows all the same', async () => (await followers()) === 1)
        await deployment.start()
        expect((await ended).stdout).toMatch(failed)
        expect(await starts()).toBe(1)
      },
    )
  })

  it('that takes a failed deploy for an error to try again has one deploy with an Idempotency-Key', async () => {
    await script('exit 3')
    const { code, stdout } = await run(`${withKey(retrying)} -L --fail-with-body '${url}/hello?wait'`)
    expect(code).toBe(22)
    expect(stdout.match(/exit-code: 3\n/g)).toHaveLength(4)
    expect(await starts()).toBe(1)
  })

  it('that is killed and run again with its Idempotency-Key has one deploy', async () => {
    await script(waiting)
    const headers = { 'idempotency-key': newKey() }
    const killed = ask('POST', `${url}/hello`, token, headers)
    await until('it sees the deploy', () => killed.text().includes('deploying\n'))
    killed.hangUp()
    const again = ask('POST', `${url}/hello`, token, headers)
    await until('it sees the deploy once more', () => again.text().includes('deploying\n'))
    await gate.open()
    expect(await again.answer).toMatchObject({ exitCode: '3' })
    expect(await starts()).toBe(1)
  })

  it('that runs the script for sh, is killed and runs it again with its key has one deploy', async () => {
    await script(waiting)
    const file = path.join(compose.folder, 'deploy.sh')
    await fs.writeFile(file, await codeBlock('docs/ci/sh.md', 'sh', '#!/bin/sh'))
    const words = [file, 'hello', newKey()]
    const deploy = () =>
      startProcess('sh', words, { REDEPLOYSTER_URL: url, REDEPLOYSTER_TOKEN: token, TIMEOUT: '120' })
    const killed = deploy()
    await killed.says('redeployster: job ')
    await until('compose runs', async () => (await starts()) === 1)
    await killed.end('SIGKILL')
    const again = deploy()
    await again.says('redeployster: job ')
    await gate.open()
    expect(await again.exited).toBe(3)
    expect(await starts()).toBe(1)
  })
})
