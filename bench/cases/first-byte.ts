import { once } from 'node:events'
import http from 'node:http'
import type { Case } from '../case.ts'
import { openShop } from '../shop.ts'
import { quantile } from '../statistics.ts'

const callers = 50
const rounds = 40

export const firstByte: Case = {
  name: 'first-byte',
  how:
    `${callers} callers at once, each on a connection of its own, post ${rounds} times for one service; many of them share ` +
    'a run. The time from the request to the first byte of the log. Compose is a script that does nothing: the case is ' +
    'about our own cost.',
  async run() {
    const shop = await openShop({ up: 'true' })
    try {
      await Promise.all(Array.from({ length: callers }, () => timeToFirstByte(shop)))
      const all = await Promise.all(
        Array.from({ length: callers }, async () => {
          const own: number[] = []
          for (let round = 0; round < rounds; round += 1) own.push(await timeToFirstByte(shop))
          return own
        }),
      )
      const alone: number[] = []
      for (let round = 0; round < 200; round += 1) alone.push(await timeToFirstByte(shop))
      const crowd = all.flat()
      return [
        {
          measure: 'one caller, p50',
          value: quantile(alone, 0.5),
          unit: 'ms',
          target: { atMost: 10 },
          samples: { 'one caller': alone, [`${callers} callers`]: crowd },
        },
        { measure: `${callers} callers at once, p50`, value: quantile(crowd, 0.5), unit: 'ms' },
        {
          measure: `${callers} callers at once, p99`,
          value: quantile(crowd, 0.99),
          unit: 'ms',
          target: { atMost: 25 },
        },
      ]
    } finally {
      await shop.close()
    }
  },
}

/** Reads to the end, so that the next request of this caller comes after its verdict. */
async function timeToFirstByte({ url, token }: { url: string; token: string }): Promise<number> {
  const begunAt = performance.now()
  const headers = { authorization: `Bearer ${token}` }
  const request = http.request(`${url}/hello`, { method: 'POST', agent: false, headers }).end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  await once(response, 'readable')
  const ms = performance.now() - begunAt
  response.resume()
  await once(response, 'end')
  if (response.trailers['exit-code'] !== '0')
    throw new Error(`A deploy ended with ${response.trailers['exit-code']}`)
  return ms
}
