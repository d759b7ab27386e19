import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ask } from '../../test/harness/http.ts'
import { until } from '../../test/harness/until.ts'
import type { Case } from '../case.ts'
import { follow } from '../follow.ts'
import { residentKb } from '../processes.ts'
import { openShop } from '../shop.ts'

const followers = 10_000
const settleMs = 5000

export const held: Case = {
  name: 'held-followers',
  how: `${followers.toLocaleString('en-US')} followers of a deploy that prints nothing, on one API: what each adds to its resident memory.`,
  async run() {
    const shop = await openShop({
      up: 'mkfifo "$folder/gate.tmp" && mv "$folder/gate.tmp" "$folder/gate"; cat "$folder/gate"',
      isApart: true,
      env: { MAX_STREAMS: String(2 * followers), MAX_STREAMS_PER_SERVICE: String(2 * followers) },
    })
    try {
      const { headers } = await ask('POST', `${shop.url}/hello?async`, shop.token).answer
      const gate = path.join(shop.compose.folder, 'gate')
      await until('the deploy has begun', () =>
        fs.access(gate).then(
          () => true,
          () => false,
        ),
      )
      const log = `${shop.url}${headers.location}/log?follow`
      // What the first ones cost once is no cost of each.
      const first = follow(log, shop.token, 100)
      await first.begun()
      await delay(settleMs)
      const before = residentKb(shop.api.pid)
      const crowd = follow(log, shop.token, followers)
      await crowd.begun()
      await delay(settleMs)
      const each = (residentKb(shop.api.pid) - before) / followers
      await fs.writeFile(gate, '')
      const ends = await Promise.all([first.end(), crowd.end()])
      if (ends.some(({ bytes }) => bytes === 0)) throw new Error('Nobody was told the verdict')
      return [{ measure: 'memory for each', value: each, unit: 'KB', target: { atMost: 25 } }]
    } finally {
      await shop.close()
    }
  },
}
