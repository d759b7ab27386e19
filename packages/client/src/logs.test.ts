import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { Job } from './job.ts'
import { logs } from './logs.ts'
import { aroundApi } from './testing/around.ts'
import { ending, id, job } from './testing/jobs.ts'
import { serve } from './testing/serve.ts'

describe('a log that is followed', () => {
  const verdict = `event: verdict\ndata: ${JSON.stringify(ending(3))}\n\n`
  const api: RequestListener = ({ headers }, response) => {
    if (headers.accept !== 'text/event-stream') return void response.end(JSON.stringify(job()))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(`id: 1\ndata: line 1\n\n${verdict}`)
  }

  it('is asked for again when a proxy answers first', async () => {
    let asked = 0
    const url = await serve((...asking) => {
      if (asked++ > 0) return api(...asking)
      asking[1].writeHead(502).end('<h1>Bad Gateway</h1>')
    })
    const { around, printed } = aroundApi(url)
    expect(await logs(around, id, { follow: true, timeout: '1m' })).toBe(3)
    expect(printed.stdout).toBe(`line 1\nredeployster: job ${id} exit-code: 3\n`)
    expect(printed.stderr).toContain('answers 502 Bad Gateway')
  })

  it('of which nobody knows ends without a verdict, and does not say that nothing was started', async () => {
    const url = await serve((_, response) => {
      response.writeHead(401).end(JSON.stringify({ status: 401, code: 'unauthorized', detail: 'x' }))
    })
    const { around, printed } = aroundApi(url)
    expect(await logs(around, id, { follow: true, timeout: '1m' })).toBe(125)
    expect(printed.stderr).toContain('Unknown service or wrong token')
  })
})

describe('a log as objects has the job, the lines with their numbers', () => {
  async function objectsOf(record: Job, text: string): Promise<unknown[]> {
    const url = await serve(({ url: path }, response) => {
      response.end(path?.endsWith('/log') === true ? text : JSON.stringify(record))
    })
    const { around, printed } = aroundApi(url)
    expect(await logs(around, id, { json: true, timeout: '1m' })).toBe(0)
    const objects = printed.stdout.trimEnd().split('\n')
    return objects.map((it) => JSON.parse(it) as unknown)
  }

  it('so far', async () => {
    const running = job({ state: 'running' })
    expect(await objectsOf(running, 'a\n\n')).toEqual([
      { type: 'job', ...running },
      { type: 'line', number: 1, text: 'a' },
      { type: 'line', number: 2, text: '' },
    ])
  })

  it('and the verdict', async () => {
    const failed = job({ state: 'failed', started: true, exitCode: 3 })
    expect(await objectsOf(failed, `a\nredeployster: job ${id} exit-code: 3\n`)).toEqual([
      { type: 'job', ...failed },
      { type: 'line', number: 1, text: 'a' },
      { type: 'verdict', ...failed },
    ])
  })
})
