import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createCertificate, type Certificate } from './certificate.ts'
import { codeBlock, tableRows, type Row } from './pages.ts'
import { freePort, startProcess, type Part } from './process.ts'
import { run } from './shell.ts'
import { until } from './until.ts'

export const proxyNames = ['Caddy', 'nginx', 'HAProxy', 'Apache'] as const
type PlainName = (typeof proxyNames)[number] | 'the forwarder of the README'
type TlsName = `${(typeof proxyNames)[number]}, TLS`
export type ProxyName = PlainName | TlsName
export const tlsNames = proxyNames.map((name): TlsName => `${name}, TLS`)

/** A real reverse proxy in front of an API. */
export interface Proxy {
  readonly url: string
  /** The variables by which curl, wget and Node trust its certificate. */
  readonly trust: Readonly<Record<string, string>>
  end(): Promise<void>
}

/** Where a proxy listens and what it hands requests to, both as `127.0.0.1:PORT`, and a folder of its own. */
interface Place {
  readonly at: string
  readonly target: string
  readonly folder: string
  /** With it the proxy speaks TLS, and HTTP/2 with whoever wants that. */
  readonly certificate: Certificate | undefined
}

interface Kind {
  readonly program: string | undefined
  /** The arguments, after what they name is written. */
  prepare(place: Place): Promise<readonly string[]>
  /** Ends it with all of its processes, whatever still goes through it. */
  readonly signal: NodeJS.Signals
}

/** What documents tell people to write, with the addresses of a test. */
const documented = 'docs/proxies.md'
const addresses = { api: '127.0.0.1:4711', forwarded: 'host.docker.internal:4711' }

const { REDEPLOYSTER_TEST_CADDY: caddy, REDEPLOYSTER_TEST_NGINX: nginx } = process.env
const { REDEPLOYSTER_TEST_HAPROXY: haproxy, REDEPLOYSTER_TEST_APACHE2: apache } = process.env

const kinds: Readonly<Record<PlainName, Kind>> = {
  'the forwarder of the README': {
    program: caddy,
    signal: 'SIGKILL',
    async prepare({ at, target }) {
      const [, words = ''] = /command: caddy (.*)\n/.exec(await codeBlock('README.md', 'yaml')) ?? []
      const port = at.slice(at.indexOf(':'))
      return replaced(words, [':3000', port], [addresses.forwarded, target]).split(' ')
    },
  },
  Caddy: {
    program: caddy,
    signal: 'SIGKILL',
    async prepare({ at, target, folder, certificate }) {
      const [host, port] = at.split(':')
      const address = certificate
        ? `https://${at} {\n\ttls ${certificate.file} ${certificate.keyFile}`
        : `http://:${port} {`
      const site = await lines('caddyfile', ['deploy.example.com {', address], target)
      const own = ['admin off', `default_bind ${host}`, 'auto_https disable_redirects']
      const file = await write(folder, `{\n\t${own.join('\n\t')}\n}\n${site}`)
      return ['run', '--adapter', 'caddyfile', '--config', file]
    },
  },
  nginx: {
    program: nginx,
    signal: 'SIGTERM',
    async prepare({ at, target, folder, certificate }) {
      const listen = certificate
        ? `listen ${at} ssl http2; ssl_certificate ${certificate.file}; ssl_certificate_key ${certificate.keyFile};`
        : `listen ${at};`
      const server = await lines('nginx', ['listen 80;', listen], target)
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${folder}/${name};`)
        .join(' ')
      const file = await write(
        folder,
        `daemon off; pid ${folder}/pid; error_log stderr; user root;
events {}
http { access_log off; ${temporary}
${server}}
`,
      )
      return ['-p', folder, '-e', 'stderr', '-c', file]
    },
  },
  HAProxy: {
    program: haproxy,
    signal: 'SIGTERM',
    async prepare({ at, target, folder, certificate }) {
      const bind = certificate ? `bind ${at} ssl crt ${certificate.file} alpn h2,http/1.1` : `bind ${at}`
      return ['-db', '-f', await write(folder, await lines('haproxy', ['bind :80', bind], target))]
    },
  },
  Apache: {
    program: apache,
    signal: 'SIGTERM',
    async prepare({ at, target, folder, certificate }) {
      const ssl = certificate && [
        'Protocols h2 http/1.1',
        'SSLEngine on',
        `SSLCertificateFile ${certificate.file}`,
        `SSLCertificateKeyFile ${certificate.keyFile}`,
      ]
      const host = [`<VirtualHost ${at}>`, ...(ssl ?? [])].join('\n')
      const site = await lines('apache', ['<VirtualHost *:80>', host], target)
      const modules = [
        'mpm_event',
        'authz_core',
        'proxy',
        'proxy_http',
        ...(ssl ? ['ssl', 'http2'] : []),
      ].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
      const own = [
        ...modules,
        `Listen ${at}`,
        'ServerName localhost',
        `DefaultRuntimeDir ${folder}`,
        `PidFile ${folder}/pid`,
        `ErrorLog ${folder}/error.log`,
        // It refuses to serve as root.
        'User www-data',
        'Group www-data',
      ]
      return ['-d', folder, '-f', await write(folder, `${own.join('\n')}\n${site}`), '-DFOREGROUND']
    },
  },
}

/** By proxy, then by column, as the page on proxies has them. */
export async function documentedRows(): Promise<ReadonlyMap<string, Row>> {
  const rows = await tableRows(documented, 'Proxy')
  return new Map(rows.map((row) => [(row.Proxy ?? '').replace(/ [\d.]+(?=,|$)/, ''), row]))
}

/** Those that this machine lacks; in CI none may be missing. */
export function missingProxies(): readonly ProxyName[] {
  const names = Object.keys(kinds) as PlainName[]
  const missing = names.filter((name) => !kinds[name].program)
  if (missing.length > 0 && process.env.CI === 'true') throw new Error(`No ${missing.join(', ')} here`)
  return missing
}

/** Starts it with the lines that its documentation has. `target`: the address of an API. */
export async function startProxy(name: ProxyName, target: string): Promise<Proxy> {
  const [plainName = '', hasTls] = name.split(', ')
  const { program, prepare, signal } = kinds[plainName as PlainName]
  if (!program) throw new Error(`No ${name} here; script/test says where it is`)
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-proxy-'))
  const at = `127.0.0.1:${await freePort()}`
  const certificate = hasTls ? await createCertificate(folder) : undefined
  const words = await prepare({ at, target: new URL(target).host, folder, certificate })
  const part: Part = startProcess(program, words, { HOME: folder })
  const url = `${hasTls ? 'https' : 'http'}://${at}`
  const trust = certificate?.trust ?? {}
  const ended = part.exited.then(() => Promise.reject(new Error(`${name} ended:\n${part.output()}`)))
  ended.catch(() => {})
  const proxy = {
    url,
    trust,
    async end() {
      await part.end(signal)
      await fs.rm(folder, { recursive: true, force: true })
    },
  }
  const forwards = async () => {
    const { code } = await run(['curl', '-sfo', '/dev/null', `${url}/healthz`], folder, trust)
    return code === 0
  }
  try {
    await Promise.race([until(`${name} forwards`, forwards), ended])
  } catch (error) {
    await proxy.end()
    throw error
  }
  return proxy
}

async function lines(
  language: string,
  listening: readonly [string, string],
  target: string,
): Promise<string> {
  return replaced(await codeBlock(documented, language), listening, [addresses.api, target])
}

/** Each text has to be there: else a page would be tested that nobody can follow. */
function replaced(text: string, ...pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((done, [from, to]) => {
    if (!done.includes(from)) throw new Error(`No "${from}" in:\n${text}`)
    return done.replaceAll(from, to)
  }, text)
}

async function write(folder: string, text: string): Promise<string> {
  const file = path.join(folder, 'config')
  await fs.writeFile(file, text)
  return file
}
