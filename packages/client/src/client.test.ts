import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { createClient } from './client.ts'
import { ClientError } from './client-error.ts'
import { listening, serve } from './testing/serve.ts'

const token = 'dolphin'

const answering = (status: number, body: string, headers = {}) =>
  serve((_, response) => void response.writeHead(status, headers).end(body))

async function failure(url: string): Promise<ClientError> {
  const failed = await createClient({ url, token })
    .json('GET', '/services')
    .catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(ClientError)
  return failed as ClientError
}

const problem = (status: number, members: object) =>
  answering(status, JSON.stringify({ status, requestId: 'r-1', ...members }))

it('sends the token and the body, and resolves to what the answer holds', async () => {
  const url = await serve((request, response) => {
    const { method, headers } = request
    const type = headers['content-type']
    let body = ''
    request.on('data', (data: Buffer) => (body += data.toString()))
    const asked = [method, request.url, headers.authorization, type]
    request.on('end', () => response.end(JSON.stringify([...asked, body])))
  })
  const { value } = await createClient({ url: `${url}/prefix`, token }).json('PUT', '/a', { body: { b: 1 } })
  expect(value).toEqual(['PUT', '/prefix/a', 'Bearer dolphin', 'application/json', '{"b":1}'])
})

describe('in one sentence it says', () => {
  it('what the API says', async () => {
    const url = await problem(423, { code: 'service_frozen', detail: 'shop/hello is frozen.' })
    expect(await failure(url)).toMatchObject({ message: 'shop/hello is frozen.', code: 'service_frozen' })
  })

  it('where to look when the API has failed', async () => {
    const url = await problem(500, { code: 'internal', detail: 'This should not happen.' })
    expect((await failure(url)).message).toBe('This should not happen. (request id r-1)')
  })

  it('that the token is wrong', async () => {
    const url = await problem(401, { code: 'unauthorized', detail: 'x' })
    expect((await failure(url)).message).toMatch(
      /^Unknown service or wrong token at .*REDEPLOYSTER_TOKEN holds$/,
    )
  })

  it.each([
    [200, '<html>Welcome</html>'],
    [502, '<html>Bad Gateway</html>'],
    [404, '{"error": "not ours"}'],
    [204, ''],
  ])('that an answer with %i is not from redeployster', async (status, body) => {
    const { message } = await failure(await answering(status, body))
    expect(message).toContain(`answers ${status} ${http.STATUS_CODES[status]}, and not as redeployster does`)
    expect(message).not.toContain('\n')
  })

  it('where a redirect leads, without following it', async () => {
    const asked: unknown[] = []
    const elsewhere = await serve((request, response) => void response.end(asked.push(request.headers)))
    const url = await answering(301, '', { location: elsewhere })
    expect((await failure(url)).message).toContain(`leads to ${elsewhere}`)
    expect(asked).toEqual([])
  })

  it('that nothing listens', async () => {
    const server = net.createServer()
    const url = await listening(server)
    server.close()
    await once(server, 'close')
    expect((await failure(url)).message).toBe(
      `Nothing listens at ${url}: start redeployster there, or name its address with --url or REDEPLOYSTER_URL`,
    )
  })

  it('that there is no such host', async () => {
    expect((await failure('http://no-such-host.invalid')).message).toMatch(/^Cannot find the host of http:/)
  })

  it('that the connection was cut, also in the middle of an answer', async () => {
    const atOnce = await listening(net.createServer((socket) => void socket.destroy()))
    const inTheMiddle = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '10' })
      response.write('{', () => response.destroy())
    })
    for (const url of [atOnce, inTheMiddle]) {
      expect((await failure(url)).message).toMatch(/ has cut the connection: /)
    }
  })

  it('that the other side speaks no TLS', async () => {
    const url = (await answering(200, '')).replace('http:', 'https:')
    expect((await failure(url)).message).toMatch(/^Cannot reach https:.*\(ERR_SSL_\w+\)$/)
  })

  it('that nobody answers', async () => {
    const url = await listening(net.createServer(() => {}))
    const gone = createClient({ url, token }).text('GET', '/', { limitMs: 20 })
    await expect(gone).rejects.toThrow(`${url} does not answer`)
  })
})
