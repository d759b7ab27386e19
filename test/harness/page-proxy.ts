import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PageProxy {
  readonly url: string
  /** How many requests it has answered itself. */
  pages(): number
  /** What it answers itself from now on, with a page of its own; `undefined` hands on everything. */
  answer(page: Page | undefined): void
  /** Breaks off every answer that is under way. */
  cut(): void
  close(): Promise<void>
}

interface Page {
  readonly status: number
  readonly matches?: (request: http.IncomingMessage) => boolean
  /** The request is handed on all the same, and only its answer is lost. */
  readonly isLate?: boolean
}

/** A reverse proxy that people have in front: while what stands behind it is away, it has pages to say so. */
export async function startPageProxy(target: string): Promise<PageProxy> {
  let page: Page | undefined
  let pages = 0
  const open = new Set<http.ServerResponse>()
  const server = http.createServer((request, response) => {
    open.add(response)
    response.once('close', () => open.delete(response))
    const shows = page?.matches?.(request) ?? page !== undefined
    const isLate = shows && page?.isLate
    if (shows && !isLate) return showPage(response)
    const { method = 'GET', headers, url = '/' } = request
    const asked = http.request(new URL(url, target), { method, headers, agent: false }, (answer) => {
      if (isLate) return showPage(response)
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      response.flushHeaders()
      answer.pipe(response)
      answer.once('error', () => response.destroy())
    })
    asked.once('error', () => showPage(response))
    response.once('close', () => asked.destroy())
    request.pipe(asked)
  })

  function showPage(response: http.ServerResponse) {
    pages += 1
    if (response.headersSent) return void response.destroy()
    response.writeHead(page?.status ?? 502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>\n')
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pages: () => pages,
    answer: (next) => (page = next),
    cut: () => open.forEach((response) => response.destroy()),
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
