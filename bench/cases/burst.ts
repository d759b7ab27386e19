import { post } from '../../test/harness/http.ts'
import type { Case } from '../case.ts'
import { openShop } from '../shop.ts'
import { median } from '../statistics.ts'
import { requireSuccess } from '../verdicts.ts'

const requests = 1000
const runSeconds = 1
const rounds = 5

export const burst: Case = {
  name: 'burst',
  how:
    `${requests.toLocaleString('en-US')} requests at once for one service, while it is being deployed by the first of them, ${rounds} times. Compose is a ` +
    `script that takes ${runSeconds} s. Whoever asks after the first run has begun shares the second.`,
  async run(atEnd) {
    const shop = await openShop(atEnd, { up: `sleep ${runSeconds}; echo done` })
    const runs: number[] = []
    const beyond: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const before = (await shop.compose.starts()).length
      const begunAt = performance.now()
      const answers = await Promise.all(
        Array.from({ length: requests }, () => post(`${shop.url}/hello`, shop.token)),
      )
      const seconds = (performance.now() - begunAt) / 1000
      runs.push((await shop.compose.starts()).length - before)
      beyond.push(seconds - runs.at(-1)! * runSeconds)
      requireSuccess(answers)
    }
    return [
      {
        measure: 'runs, at most',
        value: Math.max(...runs),
        unit: 'count',
        target: { atMost: 2 },
        samples: { burst: runs },
      },
      {
        measure: 'the last verdict, beyond the runs',
        value: median(beyond),
        unit: 's',
        target: { atMost: 1.5 },
        samples: { burst: beyond },
      },
    ]
  },
}
