import * as fc from 'fast-check'
import { adminToken } from './api.ts'

const text = (from: number, to: number) =>
  fc.string({ unit: fc.integer({ min: from, max: to }).map((it) => String.fromCharCode(it)) })

export const anyBytes = text(0, 0xff)
// What the parser of Node lets pass, in a path and in the value of a header: nothing else reaches us.
const pathText = text(0x21, 0x7e)
const headerText = fc.oneof(text(0x20, 0x7e), text(0x80, 0xff))

const query = fc.oneof(
  fc.constantFrom(
    '',
    '?',
    '?follow',
    '?from=1',
    '?from=9999999999',
    '?host=alpha',
    '?limit=1',
    '?state=failed',
    '?async',
    '?wait',
    '?async&wait',
    '?wait=1',
  ),
  pathText.map((it) => `?${it}`),
  fc
    .tuple(fc.constantFrom('from', 'limit', 'before', 'state', 'host', 'service', 'wait', 'async'), pathText)
    .map(([name, value]) => `?${name}=${value}`),
)

const methods = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'CONNECT',
  'QUERY',
  'get',
]
const segment = fc.oneof(
  fc.constantFrom(
    'hello',
    'shop',
    'jobs',
    'log',
    'verdict',
    'services',
    'freeze',
    '..',
    '.',
    '',
    '--help',
    '%00',
    '%zz',
  ),
  pathText,
  fc.string({ maxLength: 3 }).map(encodeURIComponent),
)
const path = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.array(segment, { minLength: 1, maxLength: 4 }).map((all) => `/${all.join('/')}`),
  },
  fc.constantFrom(
    '*',
    'http://other/hello',
    'http://a:b@c/hello',
    'http://c/jobs?@',
    'http://',
    'other:80',
    '//',
    '//hello',
    '?',
  ),
)

const authorization = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('Bearer dolphin', 'bearer  dolphin', `Bearer ${adminToken}`, 'Bearer wrong'),
  },
  headerText,
  headerText.map((token) => `Bearer ${token}`),
)

const named = (names: readonly string[], value: fc.Arbitrary<string>) =>
  fc.tuple(fc.constantFrom(...names), value).map(([name, it]) => `${name}: ${it}`)
const headersThatWeRead = ['Idempotency-Key', 'X-Forwarded-For', 'Last-Event-ID', 'X-Request-Id', 'Accept']
const header = fc.oneof(
  {
    weight: 10,
    arbitrary: named(
      headersThatWeRead,
      fc.oneof(headerText, fc.constantFrom('0', '::1', '[', ',', '1.2.3.4', 'text/event-stream', '7')),
    ),
  },
  named(['Content-Length'], fc.constantFrom('0', '-1', '1e9', '')),
  named(['Transfer-Encoding', 'Expect'], fc.constantFrom('chunked', '100-continue', 'gzip')),
  named(
    ['Upgrade', 'Connection', 'Host'],
    fc.oneof(anyBytes, fc.constantFrom('Upgrade', 'websocket', 'h2c')),
  ),
)

const freezeText = fc.oneof(fc.string(), fc.constantFrom('2h', '2030-01-01T00:00:00Z'))
const body = fc.oneof(
  anyBytes,
  fc.json(),
  fc
    .record({ reason: freezeText, for: freezeText, until: freezeText, by: freezeText }, { requiredKeys: [] })
    .map((it) => JSON.stringify(it)),
)

/** A request as it goes over the wire: to one of our routes with what it reads, or to anything with anything. */
export function anyRequest(routes: readonly string[]): fc.Arbitrary<string> {
  const line = fc.oneof(
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...routes), query).map(([it, rest]) => it + rest) },
    fc.tuple(fc.constantFrom(...methods), path, query).map(([method, it, rest]) => `${method} ${it}${rest}`),
  )
  return fc
    .tuple(line, fc.option(authorization, { freq: 8 }), fc.array(header, { maxLength: 2 }), body)
    .map(([asked, token, others, sent]) => {
      const isFramed = others.some((it) => /^(content-length|transfer-encoding)/i.test(it))
      const own = isFramed ? [] : [`Content-Length: ${sent.length}`]
      const authorized = token === null ? [] : [`Authorization: ${token}`]
      const headers = ['Host: localhost', 'Connection: close', ...authorized, ...others, ...own]
      return [`${asked} HTTP/1.1`, ...headers, '', sent].join('\r\n')
    })
}
