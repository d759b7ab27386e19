import autocannon from 'autocannon'
import type { Case } from '../case.ts'
import { processorSeconds } from '../processes.ts'
import { openShop } from '../shop.ts'
import { median } from '../statistics.ts'

const seconds = 5
const rounds = 3
const connections = 50
const services = ['hello', 'world', 'shop', 'blog']

export const enqueue: Case = {
  name: 'enqueue',
  how:
    `\`POST /<service>?async\` for ${services.length} services in turn, from ${connections} connections for ${seconds} s (autocannon), ${rounds} times, on one API. ` +
    'Each run of the scripted compose takes 2 s, so most requests share a job that waits.',
  async run(atEnd) {
    const shop = await openShop(atEnd, { up: 'sleep 2', services, isApart: true })
    const headers = { authorization: `Bearer ${shop.token}` }
    const requests = services.map((name) => ({ method: 'POST' as const, path: `/${name}?async`, headers }))
    async function fire(duration: number) {
      const before = processorSeconds(shop.api.pid)
      const options = { url: shop.url, connections, duration, requests, workers: 0 }
      const { requests: answered, latency, non2xx, errors } = await autocannon(options)
      if (non2xx + errors > 0) throw new Error(`${non2xx} were refused, ${errors} failed`)
      const used = processorSeconds(shop.api.pid) - before
      return { accepted: answered.average, p99: latency.p99, each: (used * 1000) / answered.total }
    }
    await fire(2)
    const taken = []
    for (let round = 0; round < rounds; round += 1) taken.push(await fire(seconds))
    const sampled = (samples: readonly number[]) => ({ value: median(samples), samples: { POST: samples } })
    return [
      {
        measure: 'accepted',
        unit: 'requests/s',
        target: { atLeast: 5000 },
        ...sampled(taken.map(({ accepted }) => accepted)),
      },
      { measure: 'p99', unit: 'ms', target: { atMost: 50 }, ...sampled(taken.map(({ p99 }) => p99)) },
      {
        measure: 'processor time of the API for each',
        unit: 'ms',
        ...sampled(taken.map(({ each }) => each)),
      },
    ]
  },
}
