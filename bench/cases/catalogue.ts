import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { ask } from '../../test/harness/http.ts'
import { useEngine } from '@redeployster/shared/testing/docker'
import { enginesOf } from '@redeployster/shared/testing/engines'
import { published } from '../../test/harness/layout.ts'
import { scriptCompose } from '../../test/harness/scripted-compose.ts'
import { until } from '../../test/harness/until.ts'
import type { Case } from '../case.ts'
import { timeToFirstByte } from '../first-byte.ts'
import { createFleet, type Fleet, type FleetService } from '../fleet.ts'
import { startServe } from '../serve.ts'
import { median } from '../statistics.ts'
import { untilSoon } from '../until-soon.ts'

const size = { projects: 50, servicesEach: 10, othersEach: 30 }
const labelled = size.projects * size.servicesEach
const changes = 10
const posts = 100
/** Our second look after a change is over. */
const quietMs = 1500
const clearedMs = 30
const warmUps = 20
const adminToken = 'the-token-of-the-admin'

export const catalogue: Case = {
  name: 'catalogue',
  how:
    `${size.projects * (size.servicesEach + size.othersEach)} containers, made but never started, ${labelled} of them labelled, in ${size.projects} projects; real compose ` +
    'checks each labelled service, and only `up` is a script, which does nothing. A change is a container that was replaced ' +
    'by one with another token; it is there when that token lists its service. A POST is timed to its first byte, ' +
    `${posts} times in turn: of the only service on another engine, and of one among all.`,
  async run(atEnd) {
    const { command, remove } = await scriptCompose('true')
    atEnd(remove)
    const env = { COMPOSE_COMMAND: command, REDEPLOYSTER_ADMIN_TOKEN: adminToken }

    const [engine, other] = enginesOf(process.env)
    if (!engine || !other) throw new Error('This case needs two engines of its own: run it as root')
    useEngine(other)
    const single = await createFleet(atEnd, { projects: 1, servicesEach: 1 })
    const small = await startServe(atEnd, env)
    useEngine(engine)
    const fleet = await createFleet(atEnd, size)
    const begunAt = performance.now()
    const { url } = await startServe(atEnd, env)
    const readySeconds = (performance.now() - begunAt) / 1000
    await until('all services are published', () => areAllPublished(url, fleet), 120_000)
    const publishedSeconds = (performance.now() - begunAt) / 1000
    const [among1, amongAll] = await postTimes(
      [small.url, single.services[0]!],
      [url, fleet.services.at(-1)!],
    )
    const visible: number[] = []
    for (const service of fleet.services.slice(0, changes)) {
      const token = randomBytes(12).toString('hex')
      await delay(quietMs)
      await fleet.changeToken(service, token)
      const changedAt = performance.now()
      await untilSoon('the new token is known', () => isKnown(url, token))
      visible.push(performance.now() - changedAt)
    }
    return [
      {
        measure: 'a change is visible after',
        value: median(visible),
        unit: 'ms',
        target: { atMost: 200 },
        samples: { change: visible },
      },
      { measure: 'ready after', value: readySeconds, unit: 's' },
      { measure: 'all published after', value: publishedSeconds, unit: 's', target: { atMost: 15 } },
      {
        measure: 'ready, against all published',
        value: readySeconds / publishedSeconds,
        unit: 'ratio',
        target: { atMost: 0.5 },
      },
      {
        measure: `POST with ${labelled} services, against one with 1`,
        value: median(amongAll) / median(among1),
        unit: 'ratio',
        target: { atMost: 1.2 },
        samples: { '1 service': among1, [`${labelled} services`]: amongAll },
      },
    ]
  },
}

type Place = readonly [url: string, service: FleetService]

async function postTimes(...places: readonly [Place, Place]): Promise<readonly [number[], number[]]> {
  for (const [url, { token, name }] of places) await published(url, token, name)
  await delay(quietMs)
  const samples: readonly [number[], number[]] = [[], []]
  for (let count = -warmUps; count < posts; count += 1) {
    for (const [index, [url, { project, name, token }]] of places.entries()) {
      const ms = await timeToFirstByte(`${url}/${project}/${name}`, token)
      if (count >= 0) samples[index]!.push(ms)
      // The worker clears away behind a verdict.
      await delay(clearedMs)
    }
  }
  return samples
}

async function areAllPublished(url: string, { services }: Fleet): Promise<boolean> {
  const { status, body } = await ask('GET', `${url}/services`, adminToken).answer
  if (status !== 200) return false
  const { services: found } = JSON.parse(body) as {
    services: { project: string; service: string; state: string }[]
  }
  const deployable = new Set(
    found.flatMap((it) => (it.state === 'deployable' ? [`${it.project}/${it.service}`] : [])),
  )
  return services.every(({ project, name }) => deployable.has(`${project}/${name}`))
}

async function isKnown(url: string, token: string): Promise<boolean> {
  return (await ask('GET', `${url}/services`, token).answer).status === 200
}
