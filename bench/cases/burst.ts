import { post } from '../../test/harness/http.ts'
import type { Case } from '../case.ts'
import { openShop } from '../shop.ts'
import { quantile } from '../statistics.ts'

const requests = 1000
const runSeconds = 1
const rounds = 5

export const burst: Case = {
  name: 'burst',
  how:
    `${requests} requests at once for one service, while it is being deployed by the first of them, ${rounds} times. Compose is a ` +
    `script that takes ${runSeconds} s. All after the first share the second run.`,
  async run() {
    const shop = await openShop({ up: `sleep ${runSeconds}; echo done` })
    try {
      const runs: number[] = []
      const beyond: number[] = []
      for (let round = 0; round < rounds; round += 1) {
        const before = (await shop.compose.starts()).length
        const begunAt = performance.now()
        const answers = await Promise.all(
          Array.from({ length: requests }, () => post(`${shop.url}/hello`, shop.token)),
        )
        beyond.push(performance.now() - begunAt - 2 * runSeconds * 1000)
        runs.push((await shop.compose.starts()).length - before)
        const wrong = answers.filter(({ exitCode }) => exitCode !== '0')
        if (wrong.length > 0) throw new Error(`${wrong.length} of ${requests} verdicts are not 0`)
      }
      return [
        { measure: 'runs, at most', value: Math.max(...runs), unit: 'count', target: { atMost: 2 } },
        {
          measure: 'the last verdict, beyond the two runs',
          value: quantile(beyond, 0.5) / 1000,
          unit: 's',
          target: { atMost: 1.5 },
        },
      ]
    } finally {
      await shop.close()
    }
  },
}
