import { createHash } from 'node:crypto'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { showClient } from './client-file.ts'
import type { ApiEnv } from './parts.ts'

const body = new TextEncoder().encode('console.log("für alle")')
const sha256 = createHash('sha256').update(body).digest('hex')
const client = { body, sha256 }

function ask(headers: Record<string, string> = {}, parts: Parameters<typeof showClient>[0] = { client }) {
  return new Hono<ApiEnv>().get('/client.mjs', showClient(parts)).request('/client.mjs', { headers })
}

describe('GET /client.mjs', () => {
  it('is the file, as JavaScript, to anybody', async () => {
    const response = await ask()
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(body)
  })

  it('says its SHA-256, and may be kept for a while', async () => {
    const { headers } = await ask()
    const digest = createHash('sha256').update(body).digest('base64')
    expect(headers.get('repr-digest')).toBe(`sha-256=:${digest}:`)
    expect(headers.get('etag')).toBe(`"${sha256}"`)
    expect(headers.get('cache-control')).toBe('public, max-age=300')
  })

  it.each([[`"${sha256}"`], [`W/"${sha256}"`], [`"other", "${sha256}"`], ['*']])(
    'sends nothing to whoever has it: %s',
    async (tag) => {
      const response = await ask({ 'If-None-Match': tag })
      expect(response.status).toBe(304)
      expect(await response.text()).toBe('')
    },
  )

  it('sends it to whoever has another', async () => {
    expect((await ask({ 'If-None-Match': '"other"' })).status).toBe(200)
  })

  it('is 404 where there was no build of it, and says how to make one', async () => {
    const response = await ask({}, { client: undefined })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({
      code: 'no_such_route',
      detail: expect.stringContaining('npm run build'),
    })
  })
})
