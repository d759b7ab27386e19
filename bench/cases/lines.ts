import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Case, Finding } from '../case.ts'
import type { AtEnd } from '../ending.ts'
import { openShop, type Shop } from '../shop.ts'
import { quantile } from '../statistics.ts'
import { untilSoon } from '../until-soon.ts'

interface Load {
  readonly jobs: number
  /** In each job; enough in all for a p99. */
  readonly lines: number
  readonly pauseMs: number
}

const alone: Load = { jobs: 1, lines: 1200, pauseMs: 20 }
const crowded: Load = { jobs: 100, lines: 60, pauseMs: 200 }

export const lines: Case = {
  name: 'line-latency',
  how:
    'From the moment a line is handed to the running compose, a `cat` that reads it from a pipe, until the client that waits ' +
    'for the verdict has it: through the file of the step, the worker, Redis and the API. ' +
    `${[alone, crowded].map((it) => `${it.lines} lines, one in ${it.pauseMs} ms, in ${nameOf(it)}`).join('; ')}.`,
  run: async (atEnd) => [...(await latency(alone, atEnd)), ...(await latency(crowded, atEnd))],
}

async function latency(load: Load, atEnd: AtEnd): Promise<readonly Finding[]> {
  const services = Array.from({ length: load.jobs }, (_, index) => `s${index}`)
  const shop = await openShop(atEnd, {
    up: 'mkfifo "$folder/$service.tmp" && mv "$folder/$service.tmp" "$folder/$service"; cat "$folder/$service"',
    services,
    env: { MAX_PARALLEL_DEPLOYS: String(load.jobs) },
  })
  // All of them run before the first line is sent: to start them is work, too.
  const running = await Promise.all(services.map((name) => begin(shop, name)))
  const samples = (await Promise.all(running.map((deploy) => latenciesOf(deploy, load)))).flat()
  await shop.stop()
  const who = nameOf(load)
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
}

function nameOf({ jobs }: Load): string {
  return jobs === 1 ? '1 job' : `${jobs} jobs at once`
}

interface Running {
  readonly response: http.IncomingMessage
  /** What the compose of the deploy reads its lines from. */
  readonly pipe: fs.promises.FileHandle
}

async function begin({ url, token, compose }: Shop, service: string): Promise<Running> {
  const headers = { authorization: `Bearer ${token}` }
  const request = http.request(`${url}/${service}`, { method: 'POST', agent: false, headers }).end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const name = path.join(compose.folder, service)
  await untilSoon(`${service} waits for its lines`, () => fs.existsSync(name))
  return { response, pipe: await fs.promises.open(name, 'w') }
}

async function latenciesOf({ response, pipe }: Running, load: Load): Promise<readonly number[]> {
  const samples: number[] = []
  const sentAt: number[] = []
  response.setEncoding('utf8').on('data', (text: string) => {
    for (const [, number] of text.matchAll(/^line (\d+)$/gm))
      samples.push(performance.now() - sentAt[Number(number)]!)
  })
  for (let number = 0; number < load.lines; number += 1) {
    await delay(load.pauseMs * (0.5 + Math.random()))
    sentAt.push(performance.now())
    // Without a promise: a turn of the event loop would count as ours.
    fs.writeSync(pipe.fd, `line ${number}\n`)
  }
  await pipe.close()
  await once(response, 'end')
  if (samples.length !== load.lines) throw new Error(`${samples.length} of ${load.lines} lines have come`)
  return samples
}
