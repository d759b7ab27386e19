import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setStage, startTestApi, type Stage } from './testing/api.ts'

// Clients as they are installed. All of them are sent round several times, which takes minutes with the true hold.

const header = 'Authorization: Bearer dolphin'
const clients: Readonly<Record<string, readonly string[]>> = {
  'curl -XPOST, which goes on posting': ['curl', '-fsSL', '-XPOST', '-H', header],
  'curl -d, which turns to GET': ['curl', '-fsSL', '-d', '', '-H', header],
  'curl --post303': ['curl', '-fsSL', '-d', '', '--post303', '-H', header],
  'curl --fail-with-body': ['curl', '--fail-with-body', '-sSL', '-XPOST', '-H', header],
  'curl -0': ['curl', '-0', '-fsSL', '-XPOST', '-H', header],
  wget: ['wget', '-qO-', '--post-data=', `--header=${header}`],
}

let stage: Stage
let api: Awaited<ReturnType<typeof startTestApi>>
let rounds: number
beforeEach(async () => {
  rounds = 0
  const info = ({ status }: { status?: number }) => void (status === 303 && rounds++)
  stage = await setStage()
  api = await startTestApi(stage.redis, { holdMs: 50 }, Object.assign(createLogger('silent'), { info }))
})
afterEach(async () => {
  await api.stop()
  await stage.stop()
})

/** Sends the client on its way, and ends the deploy when it has come round several times. */
async function deployWith<Outcome>(send: (url: string) => Promise<Outcome>, exitCode: number) {
  const sent = send(`http://127.0.0.1:${api.port}/hello?wait`)
  await expect.poll(() => rounds).toBeGreaterThan(4)
  const job = await stage.worker.take('shop/hello')
  await stage.worker.write(job, 'Recreate')
  await stage.worker.conclude(job, exitCode)
  return { outcome: await sent, log: `Recreate\nredeployster: job ${job.id} exit-code: ${exitCode}\n` }
}

async function run([program = '', ...words]: readonly string[], url: string) {
  const ended = promisify(execFile)(program, [...words, url])
  return ended.catch((error: { code: number; stdout: string }) => error)
}

describe.each(Object.entries(clients))('%s', (_, words) => {
  it('succeeds, with the log, when the deploy does', async () => {
    const { outcome, log } = await deployWith((url) => run(words, url), 0)
    expect(outcome).toMatchObject({ stdout: log })
    expect(outcome).not.toHaveProperty('code')
  })

  it('fails when the deploy does', async () => {
    const { outcome } = await deployWith((url) => run(words, url), 3)
    expect(outcome).toMatchObject({ code: words[0] === 'wget' ? 8 : 22 })
  })
})

it.each([
  [0, 200],
  [3, 424],
])('fetch sees the log and its status, with exit code %i: %i', async (exitCode, status) => {
  const headers = { Authorization: 'Bearer dolphin' }
  const { outcome, log } = await deployWith((url) => fetch(url, { method: 'POST', headers }), exitCode)
  expect([outcome.status, outcome.headers.get('Exit-Code'), await outcome.text()]).toEqual([
    status,
    String(exitCode),
    log,
  ])
})
