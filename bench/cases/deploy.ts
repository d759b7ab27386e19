import { randomBytes } from 'node:crypto'
import { createProject, removeProjects } from '@redeployster/shared/testing/docker'
import { ask } from '../../test/harness/http.ts'
import { published } from '../../test/harness/layout.ts'
import type { Case, Finding, Target } from '../case.ts'
import { startServe } from '../serve.ts'
import { median, medianRatio } from '../statistics.ts'
import { dockerCli } from '../typed.ts'
import { startWebhook } from '../webhook.ts'

const typed = 'docker compose up -d hello'

export const nothingToDo: Case = {
  name: 'deploy-nothing-to-do',
  how:
    `A service that is up to date. \`${typed}\`, a POST to redeployster until its verdict, and a POST to adnanh/webhook ` +
    'that runs the same command, in turn.',
  run: () => compare({ pairs: 40, isChanged: false, target: { atMost: 0.8 } }),
}

export const recreate: Case = {
  name: 'deploy-recreate',
  how: `The same three in turn, but before each the compose file gets a new version: the container is replaced.`,
  run: () => compare({ pairs: 20, isChanged: true, target: { atMost: 1 } }),
}

interface Comparison {
  readonly pairs: number
  readonly isChanged: boolean
  readonly target: Target
}

async function compare({ pairs, isChanged, target }: Comparison): Promise<readonly Finding[]> {
  const token = randomBytes(16).toString('hex')
  const project = await createProject({ yaml: yamlOf(token, 0) })
  await project.up()
  const docker = await dockerCli()
  const inProject = `docker compose -p ${project.name} up -d hello`
  const webhook = await startWebhook(inProject, project.directory, docker.env)
  const serve = await startServe()
  const samples: Record<string, number[]> = { redeployster: [], typed: [], webhook: [] }
  let version = 0
  const prepare = async () => {
    version += 1
    if (isChanged) await project.write('compose.yaml', yamlOf(token, version))
  }
  try {
    await published(serve.url, token, 'hello')
    const measure: Readonly<Record<string, () => Promise<number>>> = {
      typed: () => docker.type(inProject, project.directory),
      redeployster: () => timeOf(() => deployed(serve.url, token)),
      webhook: () => timeOf(() => hooked(webhook.url)),
    }
    // The first ones warm the machine up, and do not count.
    for (let pair = -3; pair < pairs; pair += 1) {
      for (const [who, take] of Object.entries(measure)) {
        await prepare()
        const ms = await take()
        if (pair >= 0) samples[who]!.push(ms)
      }
    }
  } finally {
    await Promise.all([serve.stop(), webhook.stop(), docker.remove()])
    await removeProjects()
  }
  const { redeployster = [], typed = [], webhook: hooks = [] } = samples
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
      value: medianRatio(redeployster, hooks),
      unit: 'ratio',
    },
    { measure: 'redeployster', value: median(redeployster), unit: 'ms' },
    { measure: 'typed', value: median(typed), unit: 'ms' },
    { measure: 'adnanh/webhook', value: median(hooks), unit: 'ms' },
  ]
}

function yamlOf(token: string, version: number): string {
  const labels = `{ redeployster.token: ${token}, redeployster.gate: none, redeployster.pull: missing }`
  return `services: { hello: { <<: *base, labels: ${labels}, environment: { VERSION: "${version}" } } }\n`
}

async function deployed(url: string, token: string): Promise<void> {
  const { exitCode, body } = await ask('POST', `${url}/hello`, token).answer
  if (exitCode !== '0') throw new Error(`The deploy ended with ${exitCode}:\n${body}`)
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
