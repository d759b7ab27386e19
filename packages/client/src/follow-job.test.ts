import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createClient } from './client.ts'
import { followJob } from './follow-job.ts'
import type { Show } from './show.ts'
import { showPlain } from './show-plain.ts'
import { ending, id, job } from './testing/jobs.ts'
import { serve } from './testing/serve.ts'
import { remember } from './testing/shown.ts'

type Handle = (response: ServerResponse, seen: number) => void

interface Answers {
  /** One for each time that the log is asked for as events; the last one for all that come. */
  readonly events: readonly Handle[]
  /** One for each time that the job is asked for. */
  readonly jobs?: readonly object[]
  readonly text?: string
}

async function following({ events, jobs = [], text = '' }: Answers, silenceMs = 5000, show?: Show) {
  const asked: string[] = []
  const next = <Item>(items: readonly Item[], count: number) => items[Math.min(count, items.length - 1)]
  const counts = { events: 0, jobs: 0 }
  const url = await serve((request: IncomingMessage, response) => {
    const { headers, url: path = '' } = request
    const seen = headers['last-event-id']
    asked.push(`${path}${seen === undefined ? '' : ` after ${String(seen)}`}`)
    if (headers.accept === 'text/event-stream') next(events, counts.events++)?.(response, Number(seen ?? 0))
    else if (path.includes('/log')) response.end(text)
    else response.end(JSON.stringify(next(jobs, counts.jobs++) ?? 'nothing'))
  })
  const controller = new AbortController()
  const shown = remember()
  const client = createClient({ url, token: 'dolphin' })
  const result = followJob(client, id, {
    signal: controller.signal,
    show: show ?? shown.show,
    silenceMs,
  })
  result.catch(() => {})
  return { ...shown, asked, result, controller }
}

const type = { 'content-type': 'text/event-stream' }
const line = (number: number) => `id: ${number}\ndata: line ${number}\n\n`
const end = `event: verdict\ndata: ${JSON.stringify(ending(3))}\n\n`
const whole: Handle = (response, seen) => {
  const rest = [1, 2, 3, 4].filter((number) => number > seen).map(line)
  response.writeHead(200, type).end(rest.join('') + end)
}
/** The log up to a line, and then the connection does what it will. */
const upTo =
  (last: number, then: (response: ServerResponse) => void): Handle =>
  (response, seen) => {
    const rest = [1, 2, 3, 4].filter((number) => number > seen && number <= last).map(line)
    response.writeHead(200, type).write(`: here\n\n${rest.join('')}`, () => then(response))
  }
const cut = (response: ServerResponse) => void response.destroy()
const hang = () => {}
const all = ['line 1', 'line 2', 'line 3', 'line 4']

describe('a log is followed to its verdict', () => {
  it('over one connection', async () => {
    const { lines, notes, result, asked } = await following({ events: [whole] })
    expect(await result).toEqual(ending(3))
    expect({ lines, notes, asked }).toEqual({ lines: all, notes: [], asked: [`/jobs/${id}/log`] })
  })

  it.each([
    ['that breaks', cut],
    [
      'that ends in order, as a proxy does it whose own one broke',
      (response: ServerResponse) => response.end(),
    ],
    ['in the midst of a line', (response: ServerResponse) => response.end('id: 3\ndata: lin')],
  ])('behind a connection %s', async (_, then) => {
    const { lines, notes, result, asked } = await following({ events: [upTo(2, then), whole] })
    expect(await result).toEqual(ending(3))
    expect(lines).toEqual(all)
    expect(asked).toEqual([`/jobs/${id}/log`, `/jobs/${id}/log after 2`])
    expect(notes).toEqual([expect.stringMatching(/; going on where it broke off$/)])
  })

  it('behind a connection that is half open', async () => {
    const { lines, result, asked } = await following({ events: [upTo(3, hang), whole] }, 300)
    expect(await result).toEqual(ending(3))
    expect(lines).toEqual(all)
    expect(asked.at(-1)).toBe(`/jobs/${id}/log after 3`)
  })

  it('through pages of a proxy', async () => {
    const page: Handle = (response) => void response.writeHead(502).end('<h1>Bad Gateway</h1>')
    const { lines, result } = await following({ events: [upTo(1, cut), page, whole] })
    expect(await result).toEqual(ending(3))
    expect(lines).toEqual(all)
  })

  it('without a line that it has shown, when it comes once more', async () => {
    const again: Handle = (response) => whole(response, 0)
    const { lines, result } = await following({ events: [upTo(3, cut), again] })
    await result
    expect(lines).toEqual(all)
  })

  it('and what the API says beside it is no line', async () => {
    const { asides, result } = await following({ events: [upTo(2, cut), whole] })
    await result
    expect(asides).toEqual(['here'])
  })
})

describe('where no stream comes through', () => {
  const stripped: Handle = (response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('x')
  const running = job({ state: 'running', started: true })
  const failed = job({ state: 'failed', started: true, exitCode: 3 })

  it('the verdict is asked for, and the log is shown when it is whole', async () => {
    const { lines, notes, result, asked } = await following({
      events: [stripped, stripped, whole],
      jobs: [running],
    })
    expect(await result).toEqual(ending(3))
    expect(lines).toEqual(all)
    expect(notes).toEqual([expect.stringContaining('follows at the end')])
    const round = [`/jobs/${id}/log`, `/jobs/${id}`, `/jobs/${id}?wait=20`]
    expect(asked).toEqual([...round, ...round, `/jobs/${id}/log`])
  })

  it('for a while only, the log goes on live', async () => {
    const { lines, result, asked } = await following({ events: [stripped, whole], jobs: [running] })
    expect(await result).toEqual(ending(3))
    expect(lines).toEqual(all)
    expect(asked.at(-1)).toBe(`/jobs/${id}/log`)
  })

  it('since the API has no room for one, the verdict is found all the same', async () => {
    const noRoom: Handle = (response) => {
      const body = { status: 503, code: 'too_many_streams', detail: 'Too many' }
      response.writeHead(503, { 'retry-after': '0' }).end(JSON.stringify(body))
    }
    const { notes, result, asked } = await following({ events: [noRoom], jobs: [running, failed] })
    expect(await result).toEqual(ending(3))
    expect(notes).toEqual(['Too many; going on where it broke off'])
    expect(asked.filter((it) => it.includes('wait'))).toEqual([])
  })

  it('its reason is shown once', async () => {
    const reason = 'compose failed'
    let printed = ''
    let goOn = () => {}
    const plain = showPlain(
      (text) => {
        printed += text
        if (text.includes(reason)) goOn()
      },
      () => {},
    )
    const said: Handle = (response) => {
      const verdict = `event: verdict\ndata: ${JSON.stringify(ending(3, { reason }))}\n\n`
      // Once the line before is shown, so it comes by itself.
      goOn = () => void response.end(verdict)
      response.writeHead(200, type).write(`id: 1\ndata: redeployster: ${reason}\n\n`)
    }
    const answers = { events: [stripped, said], jobs: [{ ...failed, reason }] }
    const { result } = await following(answers, 5000, plain)
    plain.end(await result, undefined)
    expect(printed.match(/compose failed/g)).toHaveLength(1)
  })

  it('nor an end of it, the log is shown as text', async () => {
    const text = `line 1\n\nline 2\nredeployster: job ${id} exit-code: 3\n`
    const { lines, result, asked } = await following({ events: [stripped], jobs: [failed], text })
    expect(await result).toEqual(ending(3))
    expect(lines).toEqual(['line 1', '', 'line 2'])
    expect(asked.at(-1)).toBe(`/jobs/${id}/log?from=1`)
  })

  it('a proxy that gathers it is as silent as one that hangs', async () => {
    const gathered: Handle = () => {}
    const { lines, result } = await following({ events: [gathered, whole], jobs: [failed] }, 300)
    expect(await result).toEqual(ending(3))
    expect(lines).toEqual(all)
  })
})

describe('there is no verdict', () => {
  it('when the API does not know the job any more', async () => {
    const unknown: Handle = (response) => {
      const body = { status: 401, code: 'unauthorized', detail: 'x' }
      response.writeHead(401).end(JSON.stringify(body))
    }
    const { result } = await following({ events: [upTo(1, cut), unknown] })
    await expect(result).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('when nobody waits any more', async () => {
    const { lines, result, controller } = await following({ events: [upTo(2, hang)] })
    await expect.poll(() => lines).toEqual(['line 1', 'line 2'])
    controller.abort('left')
    await expect(result).rejects.toThrow(/./)
  })

  it.each([
    ['in what is none', {}],
    ['of another job', ending(0, { id: id.replace(/^0/, '1') })],
    ['that contradicts itself', ending(0, { state: 'failed' })],
  ])('%s', async (_, verdict) => {
    const data = JSON.stringify(verdict)
    const forged: Handle = (response) =>
      void response.writeHead(200, type).end(`id: 1\ndata: line 1\n\nevent: verdict\ndata: ${data}\n\n`)
    const { lines, result } = await following({ events: [forged, whole] })
    expect(await result).toEqual(ending(3))
    expect(lines).toEqual(all)
  })
})
