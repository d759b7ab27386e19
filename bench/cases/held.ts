import { setTimeout as delay } from 'node:timers/promises'
import { ask } from '../../test/harness/http.ts'
import type { Case } from '../case.ts'
import { follow } from '../follow.ts'
import { untilHeld, waitForCase } from '../hold.ts'
import { processorSeconds, residentBytes } from '../processes.ts'
import { openShop } from '../shop.ts'

const followers = 10_000
const warmUp = 100
/** Two heartbeats of each stream are within. */
const settleMs = 35_000

export const held: Case = {
  name: 'held-followers',
  how:
    `${followers.toLocaleString('en-US')} followers of a deploy that prints nothing, on one API: what each adds to its resident memory, ${settleMs / 1000} s ` +
    'and two heartbeats later, and what holding them costs. Since all follow one service, `MAX_STREAMS_PER_SERVICE` and ' +
    '`MAX_STREAMS` are raised. Each must hear the verdict.',
  async run(atEnd) {
    const most = String(2 * followers)
    const shop = await openShop(atEnd, {
      up: waitForCase,
      isApart: true,
      env: { MAX_STREAMS: most, MAX_STREAMS_PER_SERVICE: most },
    })
    const { headers } = await ask('POST', `${shop.url}/hello?async`, shop.token).answer
    const goOn = await untilHeld(shop.compose)
    const log = `${shop.url}${headers.location}/log?follow`
    // What the first ones cost once is no cost of each.
    const first = follow(atEnd, log, shop.token, warmUp)
    await first.begun()
    await delay(settleMs)
    const bytesBefore = residentBytes(shop.api.pid)
    const crowd = follow(atEnd, log, shop.token, followers)
    await crowd.begun()
    const secondsBefore = processorSeconds(shop.api.pid)
    await delay(settleMs)
    const seconds = processorSeconds(shop.api.pid) - secondsBefore
    const each = (residentBytes(shop.api.pid) - bytesBefore) / followers
    await goOn()
    await Promise.all([first.end(), crowd.end()])
    return [
      { measure: 'memory for each', value: each / 1000, unit: 'KB', target: { atMost: 25 } },
      {
        measure: 'processor time of the API for each, in a minute',
        value: (seconds * 1000) / (followers + warmUp) / (settleMs / 60_000),
        unit: 'ms',
      },
    ]
  },
}
