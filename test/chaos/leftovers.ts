import fs from 'node:fs'
import path from 'node:path'
import { connectRedis } from '@redeployster/shared/redis/connect'
import { pino } from 'pino'
import { until } from '../harness/until.ts'
import { stepProcesses } from './step-processes.ts'
import type { Town } from './town.ts'

/**
 * What a job leaves for those who ask about it later, what is known of hosts and services, and what BullMQ keeps of a
 * queue. A place that was taken for a request which then came to nothing is given back when its time is over.
 */
const mayStay = [
  /^(hosts|history|ended-logs|ended-log-bytes)$/,
  /^(catalogue|history|job|log|claim|places):[^:]+$/,
  /^[^:]+:(meta|id|events|marker)$/,
]

/** Folders, processes, keys and locks that ought to be gone when every job has its verdict, a sentence each. */
export async function leftoversOf(town: Town): Promise<readonly string[]> {
  let found: readonly string[] = []
  await until(
    'nothing is left over',
    async () => {
      found = [
        ...foldersIn(path.join(town.stateDir, 'jobs')),
        ...stepProcesses(town.stateDir).map(({ pid, words }) => `process ${pid}: ${words.join(' ')}`),
        ...(await keysIn(town.redis.url)),
      ]
      return found.length === 0
    },
    30_000,
  ).catch(() => {})
  return found
}

function foldersIn(jobs: string): readonly string[] {
  return fs.readdirSync(jobs).map((id) => {
    const files = fs.readdirSync(path.join(jobs, id), { recursive: true, encoding: 'utf8' })
    return `folder ${id} with ${files.sort().join(' ') || 'nothing in it'}`
  })
}

async function keysIn(url: string): Promise<readonly string[]> {
  const redis = connectRedis(url, 'patient', pino({ level: 'silent' }))
  try {
    const names = (await redis.keys('*')).map((key) => key.replace(/^\{redeployster\}:/, ''))
    const jobs = new Set(names.filter((name) => name.startsWith('job:')))
    const isOfNoJob = (name: string) => name.startsWith('log:') && !jobs.has(name.replace('log:', 'job:'))
    const left = names.filter((name) => isOfNoJob(name) || !mayStay.some((pattern) => pattern.test(name)))
    const engines = names.flatMap((name) => /^catalogue:(.+)$/.exec(name)?.[1] ?? [])
    return [...left.map((name) => `key ${name}`), ...engines.flatMap(lockOf)]
  } finally {
    redis.disconnect()
  }
}

/** That of an engine is held by one worker: of those who listen there, the kernel's list of sockets has one. */
function lockOf(engine: string): readonly string[] {
  const sockets = fs.readFileSync('/proc/net/unix', 'utf8').split('\n')
  // The list also has each connection to it, without this flag; it shows as `@` what fills up an address.
  const listener = new RegExp(` 00010000 .*@redeployster-engine-${engine}@*$`)
  const holders = sockets.filter((line) => listener.test(line)).length
  return holders === 1 ? [] : [`lock of the engine, held by ${holders} workers`]
}
