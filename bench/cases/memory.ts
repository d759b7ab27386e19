import { setTimeout as delay } from 'node:timers/promises'
import { post } from '../../test/harness/http.ts'
import type { Case } from '../case.ts'
import { residentBytes } from '../processes.ts'
import { openShop } from '../shop.ts'
import { requireSuccess } from '../verdicts.ts'

const jobs = 10_000
const settleMs = 5000
const atOnce = 20
const services = Array.from({ length: atOnce }, (_, index) => `s${index}`)

export const memory: Case = {
  name: 'memory',
  how:
    `Resident memory of the bundled \`serve\`, without its Redis: idle ${settleMs / 1000} s after the start, and after ${jobs.toLocaleString('en-US')} deploys, ` +
    `${atOnce} requested at once, of a script in place of compose. Growth is between the half and the end of them.`,
  async run(atEnd) {
    const shop = await openShop(atEnd, { up: 'echo done', services })
    const settled = async () => {
      await delay(settleMs)
      return residentBytes(shop.api.pid) / 1e6
    }
    async function deploy(service: string) {
      for (let done = 0; done < jobs / 2 / atOnce; done += 1) {
        requireSuccess([await post(`${shop.url}/${service}`, shop.token)])
      }
    }
    const idle = await settled()
    await Promise.all(services.map(deploy))
    const half = await settled()
    await Promise.all(services.map(deploy))
    const end = await settled()
    return [
      { measure: 'idle', value: idle, unit: 'MB', target: { atMost: 110 } },
      {
        measure: `after ${jobs.toLocaleString('en-US')} jobs`,
        value: end,
        unit: 'MB',
        target: { atMost: 130 },
      },
      { measure: 'growth in the second half of them', value: end - half, unit: 'MB', target: { atMost: 3 } },
    ]
  },
}
