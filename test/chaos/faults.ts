import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { FaultMode } from '../harness/fault-proxy.ts'
import type { Role, Town } from './town.ts'

export interface Fault {
  readonly name: string
  /** Damages something, and mends it; `random` decides over what and for how long. */
  strike(town: Town, random: () => number): Promise<void>
}

const killed = (role: Role, signal: NodeJS.Signals): Fault => ({
  name: `${role} ${signal}`,
  async strike(town, random) {
    await pick(town.parts(role), random)?.end(signal)
    await delay(1000 * random())
    town.restart()
  },
})

const frozen = (role: Role): Fault => ({
  name: `${role} frozen`,
  async strike(town, random) {
    const part = pick(town.parts(role), random)
    if (!part) return
    signal(part.pid, 'SIGSTOP')
    await delay(4000 * random())
    signal(part.pid, 'SIGCONT')
  },
})

const cutOff = (role: Role, mode: FaultMode): Fault => ({
  name: `${role} to Redis: ${mode}`,
  async strike({ lines }, random) {
    await lines[role].set(mode)
    await delay(4000 * random())
    await lines[role].set('pass')
  },
})

const redisKilled: Fault = {
  name: 'Redis SIGKILL',
  async strike({ redis }, random) {
    await redis.kill('SIGKILL')
    await delay(2000 * random())
    await redis.restart()
  },
}

const redisFrozen: Fault = {
  name: 'Redis frozen',
  async strike({ redis }, random) {
    redis.freeze()
    await delay(4000 * random())
    redis.thaw()
  },
}

/** Kills what runs a deploy, the runner or the compose beneath it, and nothing else. */
const deployKilled = (whom: 'runner' | 'compose'): Fault => ({
  name: `${whom} SIGKILL`,
  strike(town, random) {
    const victim = pick(processesIn(town.stateDir, whom), random)
    if (!victim) return Promise.resolve()
    // It writes no `end` any more.
    if (signal(victim.pid, 'SIGKILL') && whom === 'compose') town.note(`killed ${victim.job}`)
    return Promise.resolve()
  },
})

export const faults: readonly Fault[] = [
  killed('api', 'SIGKILL'),
  killed('api', 'SIGTERM'),
  killed('worker', 'SIGKILL'),
  killed('worker', 'SIGTERM'),
  frozen('api'),
  frozen('worker'),
  ...(['api', 'worker'] as const).flatMap((role) =>
    (['refuse', 'reset', 'black-hole', 'delay'] as const).map((mode) => cutOff(role, mode)),
  ),
  redisKilled,
  redisFrozen,
  deployKilled('runner'),
  deployKilled('compose'),
]

/** Whether there was somebody to hear it: a process may end by itself while we look at it. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

interface Victim {
  readonly pid: number
  readonly job: string
}

/** Each step runs in its own folder, `jobs/<id>/up`: the runner is the one that leads its process group. */
function processesIn(stateDir: string, whom: 'runner' | 'compose'): readonly Victim[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const [, job] = /\/jobs\/([^/]+)\/up$/.exec(readlinkSync(`/proc/${name}/cwd`)) ?? []
      if (job === undefined || !readlinkSync(`/proc/${name}/cwd`).startsWith(stateDir)) return []
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
      const isCompose = words.some((word) => word.endsWith('/compose')) && !isRunner(name)
      return (whom === 'runner' ? isRunner(name) : isCompose) ? [{ pid: Number(name), job }] : []
    } catch {
      // It has ended while we looked.
      return []
    }
  })
}

function isRunner(pid: string): boolean {
  const [, group] = /^\d+ \(.*\) \S \d+ (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
  return group === pid
}

function pick<Value>(values: readonly Value[], random: () => number): Value | undefined {
  return values[Math.floor(random() * values.length)]
}
