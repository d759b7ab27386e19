import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { createProject, removeProjects } from '@redeployster/shared/testing/docker'
import { createGate, type Gate } from './gate.ts'
import { published } from './layout.ts'
import { createBench, type Bench } from './parts.ts'
import type { Part } from './process.ts'
import { startProxy, type Proxy, type ProxyName } from './proxies.ts'
import { scriptCompose } from './scripted-compose.ts'

/** A proxy to the one API of a test, and a project of its own behind it, so that the ways are gone side by side. */
export interface Way extends Pick<Proxy, 'url' | 'trust'> {
  readonly name: ProxyName
  /** Of each service of its project. */
  readonly token: string
  /** What `up` of a service does from now on; `pass` in it waits for the service's gate. */
  script(service: string, up: string): Promise<void>
  gate(service: string): Gate
}

export interface Ways {
  readonly bench: Bench
  readonly all: readonly Way[]
  named(name: ProxyName): Way
  /** The API that runs now. */
  api(): Part
  /** How often compose was started, by all of them. */
  starts(): Promise<number>
  restartApi(): Promise<void>
  clear(): Promise<void>
}

const up = `
while [ "$1" != -p ]; do shift; done
script="$folder/$2.$service"
pass() { read _ <"$script.gate"; }
. "$script"`

export async function openWays(names: readonly ProxyName[], services: readonly string[]): Promise<Ways> {
  const compose = await scriptCompose(up)
  const bench = await createBench({
    COMPOSE_COMMAND: compose.command,
    MAX_PARALLEL_DEPLOYS: String(names.length * services.length),
  })
  let api = await bench.startApi()
  const proxies: Proxy[] = []
  const gates: Gate[] = []

  async function open(name: ProxyName): Promise<Way> {
    const token = randomBytes(16).toString('hex')
    const entries = services.map((it) => `${it}: { <<: *base, labels: { redeployster.token: ${token} } }`)
    const project = await createProject({ yaml: `services: { ${entries.join(', ')} }\n` })
    await project.up()
    const proxy = await startProxy(name, bench.url)
    proxies.push(proxy)
    const scriptOf = (service: string) => path.join(compose.folder, `${project.name}.${service}`)
    const own = new Map<string, Gate>()
    for (const service of services) own.set(service, await createGate(`${scriptOf(service)}.gate`))
    gates.push(...own.values())
    return {
      name,
      url: proxy.url,
      trust: proxy.trust,
      token,
      // At once, also for a shell that is about to read it.
      async script(service, text) {
        await fs.writeFile(`${scriptOf(service)}.new`, text)
        await fs.rename(`${scriptOf(service)}.new`, scriptOf(service))
      },
      gate(service) {
        const gate = own.get(service)
        if (!gate) throw new Error(`No service ${service} here`)
        return gate
      },
    }
  }

  async function clear() {
    await Promise.all(proxies.map((proxy) => proxy.end()))
    await Promise.all(gates.map((gate) => gate.remove()))
    await bench.clear()
    await compose.remove()
    await removeProjects()
  }

  // One after the other: what is open when one fails is known, and closed.
  const all: Way[] = []
  try {
    for (const name of names) all.push(await open(name))
  } catch (error) {
    await clear()
    throw error
  }
  bench.startWorker()
  for (const { token } of all) for (const service of services) await published(bench.url, token, service)

  return {
    bench,
    all,
    named(name) {
      const way = all.find((it) => it.name === name)
      if (!way) throw new Error(`No way through ${name}`)
      return way
    },
    api: () => api,
    starts: async () => (await compose.starts()).length,
    async restartApi() {
      api = await bench.startApi()
    },
    clear,
  }
}
