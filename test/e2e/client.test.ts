import fs from 'node:fs/promises'
import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { fetchClient, type ClientFolder } from '../harness/client.ts'
import { startFaultProxy } from '../harness/fault-proxy.ts'
import { createGate, type Gate } from '../harness/gate.ts'
import { startPageProxy } from '../harness/page-proxy.ts'
import { freePort, type Part } from '../harness/process.ts'
import { shell } from '../harness/shell.ts'
import { setStage, type Stage } from '../harness/stage.ts'
import { until } from '../harness/until.ts'

describeWithEngine('the client', () => {
  let stage: Stage
  let client: ClientFolder
  let gate: Gate
  let api: Part

  beforeAll(async () => {
    stage = await setStage({ up: '. "$folder/up"' })
    stage.bench.startWorker()
    api = await stage.bench.startApi()
    await stage.published()
    client = await fetchClient(stage.bench.url)
  })
  beforeEach(async () => {
    gate = await createGate(path.join(stage.compose.folder, 'gate'))
  })
  afterEach(() => gate.remove())
  afterAll(async () => {
    await client?.remove()
    await stage?.clear()
  })

  /** What compose does from now on. */
  async function script(up: string) {
    await fs.rm(path.join(stage.compose.folder, 'starts'), { force: true })
    await fs.writeFile(path.join(stage.compose.folder, 'up'), up)
  }

  function run(words: readonly string[], { url = stage.bench.url, ...more }: Record<string, string> = {}) {
    return client.run(words, { REDEPLOYSTER_URL: url, REDEPLOYSTER_TOKEN: stage.token, ...more })
  }

  it.each([0, 3])('prints what compose prints and ends with its exit code, here %i', async (exitCode) => {
    await script(`echo out; echo; echo err >&2; exit ${exitCode}`)
    const running = run(['deploy', 'hello'])
    expect(await running.ended).toBe(exitCode)
    expect(running.stdout()).toMatch(
      new RegExp(`^out\n\nerr\n(redeployster: docker .*\n)?redeployster: job \\S+ exit-code: ${exitCode}\n$`),
    )
    expect(running.stderr()).toMatch(/^redeployster: job \S+ deploys \S+\/hello on host .*\n$/)
  })

  it('is cut 20 times, and prints each of 10,000 lines once, in order, and ends with the code', async () => {
    await script(
      'for i in $(seq 40); do read _ <"$folder/gate"; seq -f "line %.0f" $((i*250-249)) $((i*250)); done; exit 7',
    )
    const proxy = await startFaultProxy(Number(new URL(stage.bench.url).port))
    onTestFinished(() => proxy.close())
    const running = run(['deploy', 'hello'], { url: `http://127.0.0.1:${proxy.port}` })
    const shows = (text: string) => until(`"${text}" is shown`, () => running.stdout().includes(`${text}\n`))
    await until('it follows', () => running.stderr().includes(' deploys '))

    for (let cut = 0; cut < 20; cut++) {
      // So it is connected: these lines came after the cut before.
      if (cut > 0) await shows(`line ${cut * 500}`)
      await gate.open()
      switch (cut % 4) {
        case 0: // In the midst of lines, as the proxy is restarted.
          await proxy.set('refuse')
          break
        case 1: // With RST, and every new connection for a while.
          await proxy.set('reset')
          break
        case 2: // Once the first of the new lines is there.
          await shows(`line ${cut * 500 + 1}`)
          await proxy.set('reset')
          break
        case 3: // The API is killed, and what compose prints meanwhile is there when it is back.
          await api.end('SIGKILL')
          api = await stage.bench.startApi()
      }
      await gate.open()
      await proxy.set('pass')
    }

    expect(await running.ended).toBe(7)
    const lines = running.stdout().split('\n').slice(0, -1)
    const expected = Array.from({ length: 10_000 }, (_, index) => `line ${index + 1}`)
    // Compared as a whole: a difference is printed as far as it goes, not as 20,000 lines.
    expect(lines.slice(0, 10_000).join('\n') === expected.join('\n')).toBe(true)
    expect(lines.slice(10_000)).toEqual([
      expect.stringContaining('docker compose failed with exit code 7'),
      expect.stringMatching(/^redeployster: job \S+ exit-code: 7$/),
    ])
    expect(running.stderr().match(/going on where it broke off/g)?.length).toBeGreaterThanOrEqual(20)
    expect(await stage.compose.starts()).toHaveLength(1)
  })

  it('that is killed and run again with the same key deploys once', async () => {
    await script('echo before; read _ <"$folder/gate"; echo after; exit 3')
    const words = ['deploy', 'hello', '--key', 'pipeline-4711']
    const killed = run(words)
    await until('compose has begun', () => killed.stdout().includes('before\n'))
    killed.kill('SIGKILL')
    await killed.ended

    const next = run(words)
    await until('the same log is shown', () => next.stdout().includes('before\n'))
    await gate.open()
    expect(await next.ended).toBe(3)
    expect(next.stdout()).toContain('after\n')
    const last = run(words)
    expect(await last.ended).toBe(3)
    expect(last.stdout()).toBe(next.stdout())
    expect(await stage.compose.starts()).toHaveLength(1)
  })

  it('goes on through the 502 pages of a proxy, and deploys once', async () => {
    await script('echo before; read _ <"$folder/gate"; echo after; exit 3')
    const proxy = await startPageProxy(stage.bench.url)
    onTestFinished(() => proxy.close())
    proxy.answer({ status: 502 })
    const running = run(['deploy', 'hello'], { url: proxy.url })
    await until('two pages were shown', () => proxy.pages() >= 2)
    proxy.answer(undefined)
    await until('compose has begun', () => running.stdout().includes('before\n'))
    const before = proxy.pages()
    proxy.answer({ status: 502 })
    proxy.cut()
    await until('two more were shown', () => proxy.pages() >= before + 2)
    await gate.open()
    proxy.answer(undefined)

    expect(await running.ended).toBe(3)
    expect(running.stdout()).toMatch(/^before\nafter\nredeployster: /)
    expect(running.stderr()).toContain('answers 502 Bad Gateway, and not as redeployster does')
    expect(await stage.compose.starts()).toHaveLength(1)
  })

  it('asks again when the answer was lost on its way, and deploys once', async () => {
    await script('read _ <"$folder/gate"; exit 3')
    const proxy = await startPageProxy(stage.bench.url)
    onTestFinished(() => proxy.close())
    proxy.answer({ status: 504, isLate: true })
    const running = run(['deploy', 'hello'], { url: proxy.url })
    await until('the answer was lost twice', () => proxy.pages() >= 2)
    await until('compose has begun', async () => (await stage.compose.starts()).length > 0)
    proxy.answer(undefined)
    await until('it follows', () => running.stderr().includes(' deploys '))
    await gate.open()
    expect(await running.ended).toBe(3)
    expect(await stage.compose.starts()).toHaveLength(1)
  })

  it('asks for the verdict, and for the log at the end, where no stream comes through', async () => {
    await script('echo before; read _ <"$folder/gate"; echo after; exit 3')
    const proxy = await startPageProxy(stage.bench.url)
    onTestFinished(() => proxy.close())
    proxy.answer({ status: 200, matches: ({ headers }) => headers.accept === 'text/event-stream' })
    const running = run(['deploy', 'hello'], { url: proxy.url })
    await until('it notices', () => running.stderr().includes('so it follows at the end'))
    await gate.open()
    expect(await running.ended).toBe(3)
    expect(running.stdout()).toMatch(
      /^before\nafter\nredeployster: .*\nredeployster: job \S+ exit-code: 3\n$/,
    )
  })

  it('leaves the deploy alone on Ctrl-C, and says how to follow it and how to stop it', async () => {
    await script('echo before; read _ <"$folder/gate"; echo after')
    const left = run(['deploy', 'hello'])
    await until('compose has begun', () => left.stdout().includes('before\n'))
    left.kill('SIGINT')
    expect(await left.ended).toBe(130)
    const [, id = ''] = /Job (\S+) goes on: .*logs \S+ --follow.*cancel \S+"\n$/.exec(left.stderr()) ?? []

    const soFar = run(['logs', id])
    expect(await soFar.ended).toBe(0)
    expect(soFar.stdout()).toBe('before\n')
    const following = run(['logs', id, '--follow'])
    await until('it is shown anew', () => following.stdout().includes('before\n'))
    await gate.open()
    expect(await following.ended).toBe(0)
    expect(following.stdout()).toContain('before\nafter\n')
  })

  it('prints objects for programs: of a log, of the jobs, of a cancel', async () => {
    await script('echo before; read _ <"$folder/gate"')
    const objectsOf = async (words: readonly string[]) => {
      const asking = run([...words, '--json'])
      expect(await asking.ended).toBe(0)
      const lines = asking.stdout().trimEnd().split('\n')
      return lines.map((line) => JSON.parse(line) as unknown)
    }
    const running = run(['deploy', 'hello'])
    await until('compose has begun', () => running.stdout().includes('before\n'))
    const [, id = ''] = /job (\S+) deploys/.exec(running.stderr()) ?? []
    const shown = { id, service: 'hello', state: 'running' }
    const before = { type: 'line', number: 1, text: 'before' }

    const [list] = await objectsOf(['jobs', 'hello', '--limit', '1'])
    expect(list).toMatchObject({ jobs: [shown] })
    expect(await objectsOf(['logs', id])).toEqual([
      expect.objectContaining({ type: 'job', ...shown }),
      before,
    ])
    const [cancelled] = await objectsOf(['cancel', id])
    expect(cancelled).toMatchObject({ id, service: 'hello' })

    expect(await running.ended).toBe(130)
    const whole = await objectsOf(['logs', id])
    expect(whole[1]).toEqual(before)
    expect(whole.at(-1)).toMatchObject({ type: 'verdict', id, state: 'cancelled', exitCode: 130 })
  })

  it('does not end a deploy that takes longer than it waits', async () => {
    await script('echo before; read _ <"$folder/gate"; echo after')
    const waiting = run(['deploy', 'hello', '--timeout', '5s'])
    expect(await waiting.ended).toBe(125)
    const [, id = ''] = /No verdict within 5s\. Job (\S+) goes on: /.exec(waiting.stderr()) ?? []
    await until('compose has begun', async () => (await stage.compose.starts()).length > 0)
    await gate.open()
    const following = run(['logs', id, '--follow'])
    expect(await following.ended).toBe(0)
    expect(await stage.jobs()).toContainEqual(
      expect.objectContaining({ id, state: 'succeeded', exitCode: 0 }),
    )
    expect(await stage.compose.starts()).toHaveLength(1)
  })

  it('lists jobs, and cancels one', async () => {
    await script('echo before; read _ <"$folder/gate"')
    const running = run(['deploy', 'hello', '--json'])
    await until('compose has begun', () => running.stdout().includes('before'))
    const listing = run(['jobs', 'hello', '--limit', '1'])
    expect(await listing.ended).toBe(0)
    const [, id = ''] = /^JOB .*\n(\S+) +\S+\/hello +running /.exec(listing.stdout()) ?? []
    const cancelling = run(['cancel', id])
    expect(await cancelling.ended).toBe(0)
    expect(cancelling.stdout()).toContain(`Job ${id} is asked to stop`)

    expect(await running.ended).toBe(130)
    const objects = running.stdout().trimEnd().split('\n')
    const parsed = objects.map((line) => JSON.parse(line) as object)
    expect(parsed[0]).toMatchObject({ type: 'job', id, service: 'hello', state: 'queued' })
    expect(parsed[1]).toEqual({ type: 'line', number: 1, text: 'before' })
    expect(parsed.at(-1)).toMatchObject({ type: 'verdict', id, state: 'cancelled', exitCode: 130 })
  })

  it('says in one sentence why there is no deploy, with an exit code that says what that means', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`
    const away = run(['deploy', 'hello', '--timeout', '1s'], { url: nowhere })
    expect(await away.ended).toBe(125)
    expect(away.stderr()).toContain(`No verdict within 1s (Nothing listens at ${nowhere}`)

    const stranger = run(['deploy', 'hello'], { REDEPLOYSTER_TOKEN: 'not-the-token-of-hello' })
    expect(await stranger.ended).toBe(126)
    expect(stranger.stderr()).toMatch(/^redeployster: Unknown service or wrong token at http.*\n$/)
    expect(stranger.stdout()).toBe('')
  })

  it('runs in an empty folder with nothing but Node and curl', async () => {
    await script('echo deploying; exit 3')
    const folder = await fs.mkdtemp(path.join(client.path, 'empty-'))
    const { url } = stage.bench
    const line = `curl -fsS ${url}/client.mjs -o r.mjs && REDEPLOYSTER_URL=${url} REDEPLOYSTER_TOKEN=${stage.token} ${process.execPath} r.mjs deploy hello`
    const { code, stdout } = await shell(line, folder)
    expect(code).toBe(3)
    expect(stdout).toMatch(/^deploying\n/)
    expect(await fs.readdir(folder)).toEqual(['r.mjs'])
  })
})
