import fs from 'node:fs/promises'
import path from 'node:path'
import { ask } from '../../test/harness/http.ts'
import { until } from '../../test/harness/until.ts'
import type { Case, Finding } from '../case.ts'
import { follow } from '../follow.ts'
import { processorSeconds } from '../processes.ts'
import { openShop, type Shop } from '../shop.ts'

const lines = 100_000

export const fanOut: Case = {
  name: 'fan-out',
  how:
    `A running deploy prints ${lines.toLocaleString('en-US')} lines at once (\`seq\`) to 1, 50 and 1,000 followers, who live in a process of ` +
    'their own. The API is a process of its own, too, so that its processor time can be told.',
  async run() {
    const shop = await openShop({
      up: `mkfifo "$folder/gate.tmp" && mv "$folder/gate.tmp" "$folder/gate"; cat "$folder/gate"; seq ${lines}; rm "$folder/gate"`,
      isApart: true,
    })
    try {
      const findings: Finding[] = []
      for (const count of [1, 50, 1000]) findings.push(...(await fanOutTo(count, shop)))
      return findings
    } finally {
      await shop.close()
    }
  },
}

async function fanOutTo(count: number, { url, token, compose, api }: Shop): Promise<readonly Finding[]> {
  const asked = ask('POST', `${url}/hello?async`, token)
  const { headers } = await asked.answer
  const gate = path.join(compose.folder, 'gate')
  await until('the deploy has begun', () =>
    fs.access(gate).then(
      () => true,
      () => false,
    ),
  )
  const followers = follow(`${url}${headers.location}/log?follow`, token, count)
  await followers.begun()
  const before = processorSeconds(api.pid)
  await fs.writeFile(gate, '')
  const { fewest, ms } = await followers.end()
  const used = processorSeconds(api.pid) - before
  if (fewest < lines) throw new Error(`A follower of ${count} has seen ${fewest} lines only`)
  const perSecond = (lines * count) / (ms / 1000)
  return [
    {
      measure: `to ${count}: lines sent in a second`,
      value: perSecond,
      unit: 'lines/s',
      ...(count === 1 && { target: { atLeast: 300_000 } }),
    },
    {
      measure: `to ${count}: processor time of the API`,
      value: used,
      unit: 's',
      ...(count === 50 && { target: { atMost: 0.6 } }),
    },
  ]
}
