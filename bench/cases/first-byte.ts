import type { Case } from '../case.ts'
import { timeToFirstByte } from '../first-byte.ts'
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
  async run(atEnd) {
    const { url, token } = await openShop(atEnd, { up: `sleep ${runSeconds}` })
    const ask = () => timeToFirstByte(`${url}/hello`, token)
    const crowd = () => Promise.all(Array.from({ length: callers }, ask))
    await crowd()
    const alone: number[] = []
    for (let round = 0; round < rounds; round += 1) alone.push(await ask())
    const together: number[] = []
    for (let round = 0; round < rounds; round += 1) together.push(...(await crowd()))
    const name = `${callers} callers at once`
    return [
      {
        measure: 'one caller, p50',
        value: quantile(alone, 0.5),
        unit: 'ms',
        samples: { 'one caller': alone },
      },
      {
        measure: `${name}, p50`,
        value: quantile(together, 0.5),
        unit: 'ms',
        target: { atMost: 10 },
        samples: { [name]: together },
      },
      { measure: `${name}, p99`, value: quantile(together, 0.99), unit: 'ms', target: { atMost: 25 } },
    ]
  },
}
