import { once } from 'node:events'
import net from 'node:net'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { rawRequest } from '../../../test/harness/raw.ts'
import { limits, setStage, startTestApi, type Stage } from './testing/api.ts'
import { ask, open } from './testing/http.ts'

const token = 'dolphin'
/** More than the kernel holds for somebody who does not read, and less than a log may have. */
const lines = Array.from({ length: 150 }, () => 'x'.repeat(100_000))

let stage: Stage
let api: Awaited<ReturnType<typeof startTestApi>>
let said: string
beforeAll(async () => {
  stage = await setStage()
  const logger = createLogger('info', false, { write: (line) => void (said += line) })
  api = await startTestApi(stage.redis, { limits: { ...limits, readTimeoutMs: 500, streams: 3 } }, logger)
  said = ''
})
afterAll(async () => {
  await api.stop()
  await stage.stop()
})

/** Sends a request, and takes nothing of the answer but what the kernel takes for it. */
function askAndNeverRead(request: string): net.Socket {
  const socket = net.connect({ host: '127.0.0.1', port: api.port })
  socket.on('error', () => {}).pause()
  socket.write(rawRequest(request, [`Authorization: Bearer ${token}`]))
  return socket
}

async function readRest(socket: net.Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  socket.resume()
  await once(socket, 'close')
  return text
}

/** Of a text that is too long to be shown. */
function partsOf(text: string) {
  return {
    begins: text.startsWith('HTTP/1.1 200'),
    hasVerdict: /redeployster: job \S+ exit-code: 0/.test(text),
  }
}

it('cuts a client that reads nothing, without a verdict, and nobody else', async () => {
  const reading = await open(api.port, 'POST /hello', { token })
  const job = await stage.worker.take('shop/hello')
  const stalled = askAndNeverRead(`GET /jobs/${job.id}/log?follow`)
  const silent = await open(api.port, 'POST /hello', { token })
  await expect.poll(() => said).toContain(`/jobs/${job.id}/log`)

  for (const line of lines) await stage.worker.write(job, line)
  await expect.poll(() => said).toContain('Cut an answer that its client did not read')
  expect(said.match(/Cut an answer/g)).toHaveLength(1)
  // Its place is free again.
  const late = await open(api.port, `GET /jobs/${job.id}/log?follow`, { token })
  await stage.worker.conclude(job, 0)
  const cut = await readRest(stalled)
  expect(partsOf(cut)).toEqual({ begins: true, hasVerdict: false })

  for (const answer of [reading, late]) {
    const { isWhole, text, trailers } = await answer.end()
    expect({ isWhole, trailers }).toEqual({ isWhole: true, trailers: { 'exit-code': '0' } })
    expect(text.split('\n').filter((line) => line === lines[0]).length).toBe(lines.length)
  }
  const next = await stage.worker.take('shop/hello')
  await stage.worker.conclude(next, 3)
  expect(await silent.end()).toMatchObject({ isWhole: true, trailers: { 'exit-code': '3' } })
})

it('cuts a client that does not read a log which has ended', async () => {
  const answer = open(api.port, 'POST /hello', { token })
  await answer
  const job = await stage.worker.take('shop/hello')
  for (const line of lines) await stage.worker.write(job, line)
  await stage.worker.conclude(job, 0)
  said = ''
  const stalled = askAndNeverRead(`GET /jobs/${job.id}/log`)
  await expect.poll(() => said).toContain('Cut an answer that its client did not read')
  expect(partsOf(await readRest(stalled))).toEqual({ begins: true, hasVerdict: false })
  expect((await ask(api.port, `GET /jobs/${job.id}/log`, { token })).isWhole).toBe(true)
})
