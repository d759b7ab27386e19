import autocannon from 'autocannon'
import type { Case } from '../case.ts'
import { processorSeconds } from '../processes.ts'
import { openShop } from '../shop.ts'

const seconds = 10
const connections = 50
const services = ['hello', 'world', 'shop', 'blog']

export const enqueue: Case = {
  name: 'enqueue',
  how:
    `\`POST /<service>?async\` for ${services.length} services in turn, from ${connections} connections for ${seconds} s (autocannon), on one API. Each run of the ` +
    'scripted compose takes 2 s, so most requests share a job that waits.',
  async run() {
    const shop = await openShop({ up: 'sleep 2', services, isApart: true })
    try {
      const headers = { authorization: `Bearer ${shop.token}` }
      const requests = services.map((name) => ({ method: 'POST' as const, path: `/${name}?async`, headers }))
      const fire = (duration: number) =>
        autocannon({ url: shop.url, connections, duration, requests, workers: 0 })
      await fire(2)
      const before = processorSeconds(shop.api.pid)
      const { requests: answered, latency, non2xx, errors } = await fire(seconds)
      const used = processorSeconds(shop.api.pid) - before
      if (non2xx + errors > 0) throw new Error(`${non2xx} were refused, ${errors} failed`)
      return [
        { measure: 'accepted', value: answered.average, unit: 'requests/s', target: { atLeast: 5000 } },
        { measure: 'p99', value: latency.p99, unit: 'ms', target: { atMost: 50 } },
        { measure: 'processor time of the API for each', value: (used * 1000) / answered.total, unit: 'ms' },
      ]
    } finally {
      await shop.close()
    }
  },
}
