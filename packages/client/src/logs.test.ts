import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
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
