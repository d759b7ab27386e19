import { ask } from '../../test/harness/http.ts'
import type { Case, Finding } from '../case.ts'
import type { AtEnd } from '../ending.ts'
import { follow } from '../follow.ts'
import { untilHeld, waitForCase } from '../hold.ts'
import { processorSeconds } from '../processes.ts'
import { openShop, type Shop } from '../shop.ts'
import { median } from '../statistics.ts'

const lines = 100_000
const rounds = 3

export const fanOut: Case = {
  name: 'fan-out',
  how:
    `A running deploy prints ${lines.toLocaleString('en-US')} lines at once (\`seq\`) to 1, 50 and 1,000 followers, ${rounds} times each: from when it is let ` +
    'go until the last of them has the last line. They live in a process of their own and count: each must get each ' +
    'line once and in order, and the verdict. The API is a process of its own, too, so that its processor time can be told.',
  async run(atEnd) {
    const shop = await openShop(atEnd, { up: `${waitForCase}; seq ${lines}`, isApart: true })
    const findings: Finding[] = []
    for (const count of [1, 50, 1000]) {
      const taken = []
      for (let round = 0; round < rounds; round += 1) taken.push(await fanOutTo(count, shop, atEnd))
      findings.push(...toFindings(count, taken))
    }
    return findings
  },
}

interface Taken {
  readonly perSecond: number
  readonly apiSeconds: number
}

function toFindings(count: number, taken: readonly Taken[]): readonly Finding[] {
  const followers = count === 1 ? '1 follower' : `${count.toLocaleString('en-US')} followers`
  const speeds = taken.map(({ perSecond }) => perSecond)
  const seconds = taken.map(({ apiSeconds }) => apiSeconds)
  return [
    {
      measure: `${followers}: lines sent in a second`,
      value: median(speeds),
      unit: 'lines/s',
      samples: { [followers]: speeds },
      ...(count === 1 && { target: { atLeast: 300_000 } }),
    },
    {
      measure: `${followers}: processor time of the API`,
      value: median(seconds),
      unit: 's',
      samples: { [followers]: seconds },
      ...(count === 50 && { target: { atMost: 0.6 } }),
    },
  ]
}

async function fanOutTo(count: number, { url, token, compose, api }: Shop, atEnd: AtEnd): Promise<Taken> {
  const { headers } = await ask('POST', `${url}/hello?async`, token).answer
  const goOn = await untilHeld(compose)
  const followers = follow(atEnd, `${url}${headers.location}/log?follow`, token, count)
  await followers.begun()
  const before = processorSeconds(api.pid)
  const begunAtMs = Date.now()
  await goOn()
  const { fewestLines, endedAtMs } = await followers.end()
  if (fewestLines < lines)
    throw new Error(`A follower of ${count} has seen the first ${fewestLines} lines only, or not in order`)
  return {
    perSecond: (lines * count) / ((endedAtMs - begunAtMs) / 1000),
    apiSeconds: processorSeconds(api.pid) - before,
  }
}
