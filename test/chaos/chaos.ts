import { setTimeout as delay } from 'node:timers/promises'
import { ask, getJson } from '../harness/http.ts'
import { randomNumbers } from '../harness/random.ts'
import { until } from '../harness/until.ts'
import { call, type Told } from './callers.ts'
import { faults } from './faults.ts'
import type { Aftermath, Recorded } from './invariants.ts'
import { leftoversOf } from './leftovers.ts'
import { tracesOf } from './runs.ts'
import { buildTown, lanes, type Town } from './town.ts'
import { createTurns, type TakeTurn } from './turns.ts'

const callerCount = 10
/** So many faults at once, as a worker that dies while Redis is away. */
const strikerCount = 2
const mostQuietMs = 4000
const mostWaitingMs = 120_000

export interface Chaos {
  readonly aftermath: Aftermath
  /** How often each fault has struck. */
  readonly struck: ReadonlyMap<string, number>
}

/** Lets random faults strike a town in which people deploy, for so many seconds; then all is mended and looked at. */
export async function unleash(seed: number, seconds: number): Promise<Chaos> {
  const town = await buildTown()
  try {
    const struck = new Map<string, number>()
    const ending = new AbortController()
    const callers = Array.from({ length: callerCount }, (_, index) =>
      call(town, randomNumbers(seed + index + 1), ending.signal),
    )
    const takeTurn = createTurns()
    const endMs = Date.now() + seconds * 1000
    await Promise.all(
      Array.from({ length: strikerCount }, (_, index) =>
        strike(town, randomNumbers(seed - index), endMs, takeTurn, struck),
      ),
    )
    ending.abort()
    town.restart()
    await town.ready()
    const told = (await Promise.race([Promise.all(callers), tooLong(town)])).flat()
    const jobs = await history(town, told)
    const leftovers = await leftoversOf(town)
    return { aftermath: { told, jobs, ...tracesOf(town), lanes, leftovers, deaths: town.deaths }, struck }
  } finally {
    await town.stop()
  }
}

/** Rejects, with the jobs that are to blame, when a caller still waits long after all was mended. */
async function tooLong(town: Town): Promise<never> {
  await delay(mostWaitingMs, undefined, { ref: false })
  const [url = ''] = town.urls
  const open = (await listed(url, town.token)).filter(({ exitCode }) => exitCode === undefined)
  throw new Error(`Callers still wait for their verdicts; history has none for ${JSON.stringify(open)}`)
}

async function strike(
  town: Town,
  random: () => number,
  endMs: number,
  takeTurn: TakeTurn,
  struck: Map<string, number>,
) {
  while (Date.now() < endMs) {
    const fault = faults[Math.floor(random() * faults.length)]
    if (!fault) continue
    await takeTurn(fault.thing, () => fault.strike(town, random))
    struck.set(fault.name, (struck.get(fault.name) ?? 0) + 1)
    await delay(mostQuietMs * random())
  }
}

/** Every job, once it has its verdict. */
async function history(town: Town, told: readonly Told[]): Promise<readonly Recorded[]> {
  const [url = ''] = town.urls
  await until(
    'every job has its verdict',
    async () => (await listed(url, town.token)).every(({ exitCode }) => exitCode !== undefined),
    120_000,
  )
  const all = await listed(url, town.token)
  const ids = new Set(all.map(({ id }) => id))
  const unlisted = told.filter(({ status, job }) => status === 200 && job !== undefined && !ids.has(job))
  if (unlisted.length > 0) throw new Error(`History does not list ${unlisted[0]?.job}`)
  const jobs: Recorded[] = []
  for (const job of all) {
    const { body } = await ask('GET', `${url}/jobs/${job.id}/log`, town.token).answer
    const verdicts = [...body.matchAll(/^redeployster: job \S+ exit-code: (\d+)$/gm)].map(([, code]) =>
      Number(code),
    )
    jobs.push({ ...job, verdicts, printed: body.split('\n').filter((line) => line.startsWith('line ')) })
  }
  return jobs
}

type Job = Omit<Recorded, 'printed' | 'verdicts'>

async function listed(url: string, token: string): Promise<readonly Job[]> {
  const all: Job[] = []
  for (let page: string | undefined = '/jobs?limit=200'; page !== undefined;) {
    const { jobs, next }: { jobs: Job[]; next?: string } = await getJson(url + page, token)
    all.push(...jobs)
    page = next
  }
  return all
}
