import type { Case } from '../case.ts'
import { startServe } from '../serve.ts'
import { median } from '../statistics.ts'

const starts = 15

export const start: Case = {
  name: 'start',
  how:
    `\`redeployster serve\`, ${starts} times on a new state directory, until \`/readyz\` answers 200; that includes its private ` +
    "Redis, Docker and the search for compose, which is a plugin in the person's own folder.",
  async run(atEnd) {
    const samples: number[] = []
    for (let count = 0; count < starts; count += 1) {
      const begunAt = performance.now()
      const serve = await startServe(atEnd)
      samples.push(performance.now() - begunAt)
      await serve.stop()
    }
    return [
      {
        measure: 'start until ready',
        value: median(samples),
        unit: 'ms',
        target: { atMost: 500 },
        samples: { start: samples },
      },
    ]
  },
}
