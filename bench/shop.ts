import { randomBytes } from 'node:crypto'
import { createProject, removeProjects, type TestProject } from '@redeployster/shared/testing/docker'
import { published } from '../test/harness/layout.ts'
import { scriptCompose, type ScriptedCompose } from '../test/harness/scripted-compose.ts'
import type { AtEnd } from './ending.ts'
import { startApart, startServe, type Redeployster } from './serve.ts'

/** A project of real containers, and a redeployster whose compose is a script: for our own cost. */
export interface Shop extends Redeployster {
  readonly token: string
  readonly compose: ScriptedCompose
  readonly project: TestProject
}

interface ShopOptions {
  /** What `up` does, as `scriptCompose` takes it. */
  readonly up: string
  readonly services?: readonly string[]
  readonly env?: Record<string, string>
  /** API, worker and Redis are processes of their own. */
  readonly isApart?: boolean
}

export async function openShop(
  atEnd: AtEnd,
  { up, services = ['hello'], env = {}, isApart = false }: ShopOptions,
): Promise<Shop> {
  const token = randomBytes(16).toString('hex')
  const labels = `{ redeployster.token: ${token}, redeployster.gate: none, redeployster.pull: missing }`
  const yaml = [
    'services:',
    ...services.map((name) => `  ${name}: { <<: *base, labels: ${labels} }`),
    '',
  ].join('\n')
  atEnd(removeProjects)
  const project = await createProject({ yaml })
  await project.up('--no-start')
  const compose = await scriptCompose(up)
  atEnd(() => compose.remove())
  const start = isApart ? startApart : startServe
  const redeployster = await start(atEnd, { COMPOSE_COMMAND: compose.command, ...env })
  for (const name of services) await published(redeployster.url, token, name)
  return { ...redeployster, token, compose, project }
}
