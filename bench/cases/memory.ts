import { setTimeout as delay } from 'node:timers/promises'
import { post } from '../../test/harness/http.ts'
import type { Case } from '../case.ts'
import { residentKb } from '../processes.ts'
import { openShop } from '../shop.ts'

const jobs = 10_000
const settleMs = 5000
const atOnce = 20
const services = Array.from({ length: atOnce }, (_, index) => `s${index}`)

export const memory: Case = {
  name: 'memory',
  how:
    `Resident memory of the bundled \`serve\`, without its Redis: idle ${settleMs / 1000} s after the start, and after ${jobs} deploys, ` +
    `${atOnce} at once, of a script in place of compose. Growth is between the half and the end of them.`,
  async run() {
    const shop = await openShop({ up: 'echo done', services, env: { MAX_PARALLEL_DEPLOYS: String(atOnce) } })
    try {
      await delay(settleMs)
      const idle = residentMb(shop.api.pid)
      const deploy = (count: number) =>
        Promise.all(
          services.map(async (name) => {
            for (let done = 0; done < count / atOnce; done += 1) await post(`${shop.url}/${name}`, shop.token)
          }),
        )
      await deploy(jobs / 2)
      await delay(settleMs)
      const half = residentMb(shop.api.pid)
      await deploy(jobs / 2)
      await delay(settleMs)
      const end = residentMb(shop.api.pid)
      return [
        { measure: 'idle', value: idle, unit: 'MB', target: { atMost: 110 } },
        { measure: `after ${jobs} jobs`, value: end, unit: 'MB', target: { atMost: 130 } },
        { measure: 'growth in the second half of them', value: end - half, unit: 'MB' },
      ]
    } finally {
      await shop.close()
    }
  },
}

function residentMb(pid: number): number {
  return residentKb(pid) / 1024
}
