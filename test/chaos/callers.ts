import { setTimeout as delay } from 'node:timers/promises'
import { ask } from '../harness/http.ts'
import type { Town } from './town.ts'

/** What a caller asked for, and what he was told. */
export interface Told {
  readonly service: string
  /** The version of the world when he asked: his verdict must be of a run that read this one or a later one. */
  readonly version: number
  readonly status: number | undefined
  /** Of a confirmed job, or of one that he was told is not confirmed. */
  readonly job: string | undefined
  /** Not there when the connection was cut, or when he left. */
  readonly exitCode: number | undefined
  /** How much had happened when he was told `status`. */
  readonly eventsThen: number
}

/** Calls until `signal` aborts: deploys, sometimes leaving early, sometimes taking it back. */
export async function call(town: Town, random: () => number, signal: AbortSignal): Promise<readonly Told[]> {
  const told: Told[] = []
  while (!signal.aborted) {
    told.push(await deployOnce(town, random))
    await delay(300 * random())
  }
  return told
}

async function deployOnce(town: Town, random: () => number): Promise<Told> {
  const { project, service } = pick(town.services, random)
  const url = pick(town.urls, random)
  const version = town.nextVersion()
  const asked = ask('POST', `${url}/${project}/${service}`, town.token)
  const response = await asked.begun.catch(() => undefined)
  const known = { service: `${project}/${service}`, version, status: response?.statusCode }
  const eventsThen = town.events().length
  const job = response?.headers['job-id'] as string | undefined
  if (job === undefined) {
    const answer = await asked.answer.catch(() => undefined)
    return { ...known, job: answer && jobIn(answer.body), exitCode: undefined, eventsThen }
  }
  if (random() < 0.1) setTimeout(() => asked.hangUp(), 300 * random())
  if (random() < 0.05) void ask('DELETE', `${url}/jobs/${job}`, town.token).answer.catch(() => {})
  const answer = await asked.answer.catch(() => undefined)
  const exitCode = answer?.exitCode === undefined ? undefined : Number(answer.exitCode)
  return { ...known, job, exitCode, eventsThen }
}

function jobIn(body: string): string | undefined {
  return /"jobId":"([^"]+)"/.exec(body)?.[1]
}

function pick<Value>(values: readonly [Value, ...Value[]] | readonly Value[], random: () => number): Value {
  const value = values[Math.floor(random() * values.length)]
  if (value === undefined) throw new Error('Nothing to pick from')
  return value
}
