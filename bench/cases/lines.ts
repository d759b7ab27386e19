import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../test/harness/until.ts'
import type { Case, Finding } from '../case.ts'
import { openShop, type Shop } from '../shop.ts'
import { quantile } from '../statistics.ts'

const linesEach = 60
const pauseMs = 200

export const lines: Case = {
  name: 'line-latency',
  how:
    'From the moment a line is handed to the running compose, a `cat` that reads it from a pipe, until the client that waits ' +
    `for the verdict has it: through the file of the step, the worker, Redis and the API. ${linesEach} lines in each job, one in ` +
    `${pauseMs} ms, in 1 job and in 100 at once.`,
  run: async () => [...(await latency(1)), ...(await latency(100))],
}

async function latency(jobs: number): Promise<readonly Finding[]> {
  const services = Array.from({ length: jobs }, (_, index) => `s${index}`)
  const shop = await openShop({
    up: 'mkfifo "$folder/$service.tmp" && mv "$folder/$service.tmp" "$folder/$service"; cat "$folder/$service"',
    services,
    env: { MAX_PARALLEL_DEPLOYS: String(jobs) },
  })
  try {
    const samples = (await Promise.all(services.map((name) => latenciesOf(shop, name)))).flat()
    const who = jobs === 1 ? '1 job' : `${jobs} jobs at once`
    return [
      {
        measure: `${who}, p50`,
        value: quantile(samples, 0.5),
        unit: 'ms',
        target: { atMost: 1 },
        samples: { [who]: samples },
      },
      { measure: `${who}, p99`, value: quantile(samples, 0.99), unit: 'ms', target: { atMost: 5 } },
    ]
  } finally {
    await shop.close()
  }
}

async function latenciesOf({ url, token, compose }: Shop, service: string): Promise<readonly number[]> {
  const headers = { authorization: `Bearer ${token}` }
  const request = http.request(`${url}/${service}`, { method: 'POST', agent: false, headers }).end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const samples: number[] = []
  const sentAt: number[] = []
  response.setEncoding('utf8').on('data', (text: string) => {
    for (const [, number] of text.matchAll(/^line (\d+)$/gm))
      samples.push(performance.now() - sentAt[Number(number)]!)
  })
  const pipe = path.join(compose.folder, service)
  await until(`${service} waits for its lines`, () => fs.existsSync(pipe))
  const handle = await fs.promises.open(pipe, 'w')
  for (let number = 0; number < linesEach; number += 1) {
    await delay(pauseMs * (0.5 + Math.random()))
    sentAt.push(performance.now())
    // Without a promise: a turn of the event loop would count as ours.
    fs.writeSync(handle.fd, `line ${number}\n`)
  }
  await handle.close()
  await once(response, 'end')
  if (samples.length !== linesEach) throw new Error(`${samples.length} of ${linesEach} lines have come`)
  return samples
}
