import { randomBytes } from 'node:crypto'
import { ask } from '../../test/harness/http.ts'
import { until } from '../../test/harness/until.ts'
import type { Case } from '../case.ts'
import { createFleet, type Fleet } from '../fleet.ts'
import { startServe } from '../serve.ts'
import { median } from '../statistics.ts'

const size = { projects: 50, servicesEach: 10, othersEach: 30 }
const changes = 10

export const catalogue: Case = {
  name: 'catalogue',
  how:
    `${size.projects * (size.servicesEach + size.othersEach)} containers, ${size.projects * size.servicesEach} of them labelled, in ${size.projects} projects; real compose checks each ` +
    'labelled service. A change is a container that was replaced by one with another token; it is there when that token ' +
    'lists its service.',
  async run() {
    const fleet = await createFleet(size)
    const begunAt = performance.now()
    const serve = await startServe({ REDEPLOYSTER_ADMIN_TOKEN: 'the-token-of-the-admin' }).catch(
      async (error: unknown) => {
        await fleet.remove()
        throw error
      },
    )
    try {
      const readyMs = performance.now() - begunAt
      await until('all services are published', () => areAllPublished(serve.url, fleet), 120_000)
      const publishedMs = performance.now() - begunAt
      const samples: number[] = []
      for (const service of fleet.services.slice(0, changes)) {
        const token = randomBytes(12).toString('hex')
        await fleet.changeToken(service, token)
        const changedAt = performance.now()
        await until('the new token is known', () => isKnown(serve.url, token))
        samples.push(performance.now() - changedAt)
      }
      return [
        {
          measure: 'a change is visible after',
          value: median(samples),
          unit: 'ms',
          target: { atMost: 200 },
          samples: { change: samples },
        },
        { measure: 'ready after', value: readyMs / 1000, unit: 's' },
        { measure: 'all published after', value: publishedMs / 1000, unit: 's', target: { atMost: 15 } },
      ]
    } finally {
      await serve.stop()
      await fleet.remove()
    }
  },
}

async function areAllPublished(url: string, { services }: Fleet): Promise<boolean> {
  const { status, body } = await ask('GET', `${url}/services`, 'the-token-of-the-admin').answer
  if (status !== 200) return false
  const { services: found } = JSON.parse(body) as { services: { state: string }[] }
  return found.filter(({ state }) => state === 'deployable').length === services.length
}

async function isKnown(url: string, token: string): Promise<boolean> {
  return (await ask('GET', `${url}/services`, token).answer).status === 200
}
