import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createClient } from './client.ts'
import { requestJob } from './request-job.ts'
import { job } from './testing/jobs.ts'
import { serve } from './testing/serve.ts'

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
    [500, 'internal'],
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

  it('not any more when nobody waits, and then it says what was wrong', async () => {
    const controller = new AbortController()
    const { notes, result } = await asking(['cut'], controller.signal)
    await expect.poll(() => notes).toHaveLength(1)
    controller.abort()
    await expect(result).rejects.toThrow('has cut the connection')
  })
})
