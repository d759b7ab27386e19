import fs from 'node:fs/promises'
import path from 'node:path'
import type { Case } from '../case.ts'
import { timeToFirstByte } from '../first-byte.ts'
import { openShop } from '../shop.ts'
import { quantile } from '../statistics.ts'

const callers = 50
const rounds = 30
const coldRounds = 5
/** Until V8 has compiled what it will compile. */
const warmUps = 60
const seconds = { warmUp: 0.05, run: 0.5 }

export const firstByte: Case = {
  name: 'first-byte',
  how:
    `From the request to the first byte of the log: one caller after another, and ${callers} at the same instant, each on a ` +
    `connection of its own, ${rounds} times; they share a run or two. Before that come ${warmUps} such rounds that do not count, ` +
    `since an API that was started just now is slower: its first ${coldRounds} rounds stand beside. Compose is a script that takes ` +
    `${seconds.run} s: the case is about our own cost.`,
  async run(atEnd) {
    const { url, token, compose } = await openShop(atEnd, { up: 'sleep "$(cat "$folder/seconds")"' })
    const ask = () => timeToFirstByte(`${url}/hello`, token)
    const crowd = () => Promise.all(Array.from({ length: callers }, ask))
    async function crowds(count: number, each: number): Promise<number[]> {
      await fs.writeFile(path.join(compose.folder, 'seconds'), String(each))
      const all: number[] = []
      for (let round = 0; round < count; round += 1) all.push(...(await crowd()))
      return all
    }
    const cold = await crowds(coldRounds, seconds.run)
    await crowds(warmUps, seconds.warmUp)
    const together = await crowds(rounds, seconds.run)
    const alone: number[] = []
    for (let round = 0; round < rounds; round += 1) alone.push(await ask())
    const name = `${callers} callers at once`
    const fresh = `${name}, just started`
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
      { measure: `${fresh}, p50`, value: quantile(cold, 0.5), unit: 'ms', samples: { [fresh]: cold } },
    ]
  },
}
