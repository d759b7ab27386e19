import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import type { AtEnd } from './ending.ts'
import { follow } from './follow.ts'

const lines = 20_000
const followers = 5

/** Sends a log like ours, but for what is left out. */
async function serveLog(log: string): Promise<string> {
  const server = http.createServer((_, response) => void response.end(log)).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  // Without a length, so in pieces.
  server.prependListener('request', (_, response) => response.write('redeployster: job 7\n'))
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/log`
}

const numbers = Array.from({ length: lines }, (_, index) => `${index + 1}\n`)
const verdict = 'redeployster: job 7 exit-code: 0\n'

async function followAll(log: string) {
  const atEnd: AtEnd = (undo) => onTestFinished(async () => void (await undo()))
  const crowd = follow(atEnd, await serveLog(log), 'token', followers)
  await crowd.begun()
  return crowd.end()
}

it('tells what the follower that saw the fewest has seen', async () => {
  expect(await followAll(numbers.join('') + verdict)).toMatchObject({ fewestLines: lines })
})

it('does not count beyond a line that is missing', async () => {
  expect(await followAll(numbers.filter((_, index) => index !== 9).join('') + verdict)).toMatchObject({
    fewestLines: 9,
  })
})

it('fails when followers have not heard the verdict', async () => {
  await expect(followAll(numbers.join(''))).rejects.toThrow('5 of 5 have not heard the verdict')
})
