import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { docker } from '@redeployster/shared/testing/docker'
import { ask } from './http.ts'
import { freePort, startProcess, type Part } from './process.ts'
import { until } from './until.ts'

/** A real registry on the loopback; the engine speaks plain HTTP to such. */
export interface Registry {
  /** `127.0.0.1:PORT`. */
  readonly address: string
  /** Pushes an image with `VERSION` set, and with further changes in the words of a Dockerfile; resolves to its digest. */
  push(name: string, version: string, change?: string): Promise<string>
  /** Answers nothing until it is started again. */
  end(): Promise<void>
  start(): Promise<void>
  /** The same, and it then answers only to those who are logged in. */
  startPrivate(): Promise<void>
  /** The `config.json` of a docker client that is logged in. */
  readonly login: string
  /** Removes the images that the engine has pulled from it, too; call it when no container needs them any more. */
  remove(): Promise<void>
}

/** As `htpasswd -B` writes it; the registry takes no weaker hash. */
const passwords = 'ci:$2b$05$xzJk.dqLTEF5gkBQ7eKCRONQXoZaSH7hWJC.SgJ0n.u8lwjYGBqRW\n'
const auth = Buffer.from('ci:not-a-secret').toString('base64')

export async function startRegistry(): Promise<Registry> {
  const program = findProgram()
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-registry-'))
  const address = `127.0.0.1:${await freePort()}`
  const config = path.join(folder, 'config.json')
  const label = `rdt.registry=${address}`
  const settings = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: path.join(folder, 'data') } },
    http: { addr: address },
  }
  await fs.writeFile(config, JSON.stringify(settings))
  const htpasswd = path.join(folder, 'htpasswd')
  await fs.writeFile(htpasswd, passwords)
  let server: Part | undefined

  async function serve(env: Record<string, string>) {
    server ??= startProcess(program, ['serve', config], env)
    await until('the registry answers', () =>
      ask('GET', `http://${address}/v2/`).answer.then(
        () => true,
        () => false,
      ),
    )
  }

  const registry: Registry = {
    address,
    login: JSON.stringify({ auths: { [address]: { auth } } }),
    start: () => serve({}),
    startPrivate: () =>
      serve({ REGISTRY_AUTH_HTPASSWD_REALM: 'private', REGISTRY_AUTH_HTPASSWD_PATH: htpasswd }),
    async end() {
      await server?.end('SIGKILL')
      server = undefined
    },
    async push(name, version, change = 'CMD ["sleep", "100000"]') {
      const image = `${address}/${name}`
      const container = await docker('create', 'fixture/busybox:1', 'true')
      const changes = [`ENV VERSION=${version}`, `LABEL ${label}`, change].flatMap((it) => ['--change', it])
      await docker('commit', ...changes, container, image)
      await docker('rm', container)
      const pushed = await docker('push', image)
      // Only the registry has it now, as if a pipeline elsewhere had built it.
      await docker('rmi', image)
      const digest = /digest: (sha256:\S+)/.exec(pushed)?.[1]
      if (digest === undefined) throw new Error(`Cannot read the digest of ${image}`)
      return digest
    },
    async remove() {
      await registry.end()
      // By a label, since one that was replaced has no name any more.
      const left = await docker('images', '-aq', '--no-trunc', '--filter', `label=${label}`)
      if (left !== '') await docker('rmi', '-f', ...new Set(left.split('\n')))
      await fs.rm(folder, { recursive: true, force: true })
    },
  }
  await registry.start()
  return registry
}

function findProgram(): string {
  const program = process.env.REDEPLOYSTER_TEST_REGISTRY
  if (!program) throw new Error('REDEPLOYSTER_TEST_REGISTRY names no docker-registry; script/test sets it')
  return program
}
