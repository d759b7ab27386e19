import type { IncomingMessage } from 'node:http'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { createClient } from './client.ts'
import { UnconfirmedError } from './client-error.ts'
import { requestJob } from './request-job.ts'
import { job } from './testing/jobs.ts'
import { listening, serve } from './testing/serve.ts'

interface Answer {
  readonly status: number
  readonly body?: object | string
}

/** Answers one after the other, and what was asked. */
async function asking(answers: readonly (Answer | 'cut')[], signal = new AbortController().signal) {
  const asked: IncomingMessage[] = []
  const notes: string[] = []
  const url = await serve((request, response) => {
    const answer = answers[asked.push(request) - 1] ?? 'cut'
    if (answer === 'cut') return void response.destroy()
    const { status, body = '<html>' } = answer
    response.writeHead(status, { 'retry-after': '0' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  const note = (text: string) => void notes.push(text)
  const client = createClient({ url, token: 'dolphin' })
  return { asked, notes, result: requestJob(client, '/hello?async', { key: 'k-1', signal, note }) }
}

const problem = (status: number, code: string) => ({
  status,
  body: { status, code, detail: `It is ${code}` },
})
const accepted = { status: 202, body: job() }

describe('a deploy is asked for', () => {
  it('once, with a key, where all is well', async () => {
    const { asked, result } = await asking([accepted])
    expect(await result).toEqual(job())
    expect(asked.map(({ method, url }) => [method, url])).toEqual([['POST', '/hello?async']])
    expect(asked[0]?.headers).toMatchObject({ 'idempotency-key': 'k-1', authorization: 'Bearer dolphin' })
  })

  it('again with the same key, when what went wrong may pass', async () => {
    const passing = ['cut', { status: 502 }, problem(503, 'too_many_jobs')] as const
    const { asked, notes, result } = await asking([...passing, accepted])
    expect(await result).toEqual(job())
    expect(new Set(asked.map(({ headers }) => headers['idempotency-key']))).toEqual(new Set(['k-1']))
    expect(asked).toHaveLength(4)
    expect(notes).toEqual([
      expect.stringMatching(/ has cut the connection; trying again$/),
      expect.stringMatching(/ answers 502 Bad Gateway, .*; trying again$/),
      'It is too_many_jobs; trying again',
    ])
  })

  it('again without a word for each attempt', async () => {
    const { notes, result } = await asking(['cut', 'cut', 'cut', accepted])
    await result
    expect(notes).toHaveLength(1)
  })

  it.each([
    [401, 'unauthorized'],
    [404, 'no_such_route'],
    [409, 'ambiguous_service'],
    [410, 'service_gone'],
    [423, 'service_frozen'],
  ])('not again after %i %s', async (status, code) => {
    const { asked, result } = await asking([problem(status, code), accepted])
    await expect(result).rejects.toMatchObject({ status, code })
    expect(asked).toHaveLength(1)
  })

  it('not again of somebody who is no API', async () => {
    const { asked, result } = await asking([{ status: 200, body: {} }, accepted])
    await expect(result).rejects.toThrow('not as redeployster does')
    expect(asked).toHaveLength(1)
  })

  it('not again with a wrong token at an address that has sent too many', async () => {
    const { asked, result } = await asking([problem(429, 'too_many_failures'), accepted])
    await expect(result).rejects.toMatchObject({ code: 'too_many_failures' })
    expect(asked).toHaveLength(1)
  })

  it('not any more when nobody waits, and then it says what was wrong', async () => {
    const controller = new AbortController()
    const { notes, result } = await asking(['cut'], controller.signal)
    await expect.poll(() => notes).toHaveLength(1)
    controller.abort()
    await expect(result).rejects.toThrow('has cut the connection')
  })
})

describe('a refusal', () => {
  const refused = problem(409, 'ambiguous_service')

  it.each([
    ['a connection that was cut', 'cut'],
    ['a page that says that the answer was lost', { status: 504 }],
    ['a page that says that it came too late', { status: 408 }],
  ] as const)('does not say that nothing was started after %s', async (_, lost) => {
    const { result } = await asking([lost, refused])
    const error = await result.catch((it: unknown) => it)
    expect(error).toBeInstanceOf(UnconfirmedError)
    expect(error).toHaveProperty('message', 'It is ambiguous_service')
  })

  it.each([
    ['a refusal of the API that passes', problem(503, 'too_many_jobs')],
    ['a proxy that hands nothing on', { status: 429 }],
  ])('says so after %s', async (_, passed) => {
    const { result } = await asking([passed, refused])
    const error = await result.catch((it: unknown) => it)
    expect(error).not.toBeInstanceOf(UnconfirmedError)
    expect(error).toMatchObject({ status: 409, code: 'ambiguous_service' })
  })

  it('is none when the API has failed by a bug: it cannot know what it has begun', async () => {
    const { asked, result } = await asking([problem(500, 'internal'), accepted])
    await expect(result).rejects.toBeInstanceOf(UnconfirmedError)
    expect(asked).toHaveLength(1)
  })

  it('says so when nothing has listened before', async () => {
    const server = net.createServer()
    const url = await listening(server)
    server.close()
    const notes: string[] = []
    const client = createClient({ url, token: 'dolphin' })
    const controller = new AbortController()
    const note = (text: string) => void notes.push(text)
    const result = requestJob(client, '/hello?async', { key: 'k-1', signal: controller.signal, note })
    result.catch(() => {})
    await expect.poll(() => notes).toHaveLength(1)
    controller.abort()
    const error = await result.catch((it: unknown) => it)
    expect(error).not.toBeInstanceOf(UnconfirmedError)
  })
})
