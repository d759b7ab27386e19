import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { createProject, removeProjects } from '@redeployster/shared/testing/docker'
import { ask, post } from '../../test/harness/http.ts'
import { published } from '../../test/harness/layout.ts'
import type { Case, Finding, Target } from '../case.ts'
import type { AtEnd } from '../ending.ts'
import { startServe } from '../serve.ts'
import { median, medianRatio } from '../statistics.ts'
import { dockerCli } from '../typed.ts'
import { requireSuccess } from '../verdicts.ts'
import { startWebhook } from '../webhook.ts'

const typed = 'docker compose up -d hello'
const firsts = 7
/** A pipeline that has copied a file takes longer to ask for the deploy. */
const fileAheadMs = 500

export const nothingToDo: Case = {
  name: 'deploy-nothing-to-do',
  how:
    `A service that is up to date. \`${typed}\`, a POST to redeployster until its verdict, and a POST to adnanh/webhook ` +
    'that runs the same command, one after the other in an order that changes. The first deploy after a start is the one ' +
    `for which compose has to be asked what the files say, ${firsts} times.`,
  async run(atEnd) {
    const shop = await openRealShop(atEnd)
    const findings = await compare(atEnd, shop, { pairs: 40, isChanged: false, target: { atMost: 0.8 } })
    const samples: number[] = []
    for (let count = 0; count < firsts; count += 1) samples.push(await firstDeploy(atEnd, shop))
    const measure = 'redeployster, the first after its start'
    return [
      ...findings,
      { measure, value: median(samples), unit: 'ms', samples: { 'first deploy': samples } },
    ]
  },
}

export const recreate: Case = {
  name: 'deploy-recreate',
  how:
    `The same three, but ${fileAheadMs / 1000} s before each the compose file gets a new version: the container is replaced. Our own look at what ` +
    'has changed is over before the next one begins.',
  async run(atEnd) {
    return compare(atEnd, await openRealShop(atEnd), { pairs: 16, isChanged: true, target: { atMost: 1 } })
  },
}

interface RealShop {
  readonly token: string
  readonly project: Awaited<ReturnType<typeof createProject>>
}

async function openRealShop(atEnd: AtEnd): Promise<RealShop> {
  const token = randomBytes(16).toString('hex')
  atEnd(removeProjects)
  const project = await createProject({ yaml: yamlOf(token, 0) })
  await project.up()
  return { token, project }
}

interface Comparison {
  readonly pairs: number
  readonly isChanged: boolean
  readonly target: Target
}

/** The catalogue looks 50 ms after a change, and once more a second later. */
const quietAfterMs = { nothing: 200, change: 1500 }

async function compare(
  atEnd: AtEnd,
  { token, project }: RealShop,
  { pairs, isChanged, target }: Comparison,
): Promise<readonly Finding[]> {
  const docker = await dockerCli(atEnd)
  const inProject = `docker compose -p ${project.name} up -d hello`
  const hook = await startWebhook(atEnd, inProject, project.directory, docker.env)
  const serve = await startServe(atEnd)
  await published(serve.url, token, 'hello')
  const participants: readonly (readonly [string, () => Promise<number>])[] = [
    ['typed', () => docker.type(inProject, project.directory)],
    ['redeployster', () => timeOf(() => deployed(serve.url, token))],
    ['webhook', () => timeOf(() => hooked(hook))],
  ]
  const samples: Record<string, number[]> = { redeployster: [], typed: [], webhook: [] }
  // The first ones warm the machine up, and do not count.
  const warmUps = 3
  for (let round = 0; round < warmUps + pairs; round += 1) {
    for (const place of participants.keys()) {
      const [who, take] = participants[(round + place) % participants.length]!
      if (isChanged) {
        await project.write('compose.yaml', yamlOf(token, `${round}-${place}`))
        await delay(fileAheadMs)
      }
      const ms = await take()
      if (round >= warmUps) samples[who]!.push(ms)
      await delay(isChanged ? quietAfterMs.change : quietAfterMs.nothing)
    }
  }
  await serve.stop()
  return toFindings(samples, target)
}

function toFindings(
  samples: Readonly<Record<string, readonly number[]>>,
  target: Target,
): readonly Finding[] {
  const { redeployster = [], typed = [], webhook = [] } = samples
  return [
    {
      measure: 'POST → verdict, against typing it',
      value: medianRatio(redeployster, typed),
      unit: 'ratio',
      target,
      samples,
    },
    {
      measure: 'POST → verdict, against adnanh/webhook',
      value: medianRatio(redeployster, webhook),
      unit: 'ratio',
    },
    { measure: 'redeployster', value: median(redeployster), unit: 'ms' },
    { measure: 'typed', value: median(typed), unit: 'ms' },
    { measure: 'adnanh/webhook', value: median(webhook), unit: 'ms' },
  ]
}

async function firstDeploy(atEnd: AtEnd, { token }: RealShop): Promise<number> {
  const serve = await startServe(atEnd)
  await published(serve.url, token, 'hello')
  await delay(quietAfterMs.change)
  const ms = await timeOf(() => deployed(serve.url, token))
  await serve.stop()
  return ms
}

function yamlOf(token: string, version: number | string): string {
  const labels = `{ redeployster.token: ${token}, redeployster.gate: none, redeployster.pull: missing }`
  return `services: { hello: { <<: *base, labels: ${labels}, environment: { VERSION: "${version}" } } }\n`
}

async function deployed(url: string, token: string): Promise<void> {
  requireSuccess([await post(`${url}/hello`, token)])
}

async function hooked(url: string): Promise<void> {
  const { status, body } = await ask('POST', url).answer
  if (status !== 200) throw new Error(`webhook answered ${status}:\n${body}`)
}

async function timeOf(act: () => Promise<void>): Promise<number> {
  const begunAt = performance.now()
  await act()
  return performance.now() - begunAt
}
