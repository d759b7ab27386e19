import { once } from 'node:events'
import http from 'node:http'
import type { Case } from '../case.ts'
import { openShop } from '../shop.ts'
import { quantile } from '../statistics.ts'

const callers = 50
const rounds = 30
const runSeconds = 0.5

export const firstByte: Case = {
  name: 'first-byte',
  how:
    `From the request to the first byte of the log: one caller after another, and ${callers} at the same instant, each on a ` +
    `connection of its own, ${rounds} times; they share a run or two. Compose is a script that takes ${runSeconds} s: the case is ` +
    'about our own cost.',
  async run() {
    const shop = await openShop({ up: `sleep ${runSeconds}` })
    const crowd = () => Promise.all(Array.from({ length: callers }, () => timeToFirstByte(shop)))
    try {
      await crowd()
      const alone: number[] = []
      for (let round = 0; round < rounds; round += 1) alone.push(await timeToFirstByte(shop))
      const together: number[] = []
      for (let round = 0; round < rounds; round += 1) together.push(...(await crowd()))
      const name = `${callers} callers at once`
      return [
        {
          measure: 'one caller, p50',
          value: quantile(alone, 0.5),
          unit: 'ms',
          samples: { 'one caller': alone, [name]: together },
        },
        { measure: `${name}, p50`, value: quantile(together, 0.5), unit: 'ms', target: { atMost: 10 } },
        { measure: `${name}, p99`, value: quantile(together, 0.99), unit: 'ms', target: { atMost: 25 } },
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
