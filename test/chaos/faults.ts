import { setTimeout as delay } from 'node:timers/promises'
import { connectRedis, type Redis } from '@redeployster/shared/redis/connect'
import { pino } from 'pino'
import type { FaultMode } from '../harness/fault-proxy.ts'
import { mayHaveEngine } from '../harness/own-engine.ts'
import { stepProcesses } from './step-processes.ts'
import type { Role, Town } from './town.ts'

export interface Fault {
  readonly name: string
  /** What it damages: two faults of one thing wait for each other, so that neither mends what the other has done. */
  readonly thing: string
  /** Damages something, and mends it; `random` decides over what and for how long. */
  strike(town: Town, random: () => number): Promise<void>
}

/** Long enough for what waits 2 s for an answer to give up, and for most of a run to be calm. */
const mostDamagedMs = 2500

const killed = (role: Role, signal: NodeJS.Signals): Fault => ({
  name: `${role} ${signal}`,
  thing: role,
  async strike(town, random) {
    await pick(town.parts(role), random)?.end(signal)
    await delay(mostDamagedMs * random())
    town.restart(role)
  },
})

const frozen = (role: Role): Fault => ({
  name: `${role} frozen`,
  thing: role,
  async strike(town, random) {
    const part = pick(town.parts(role), random)
    if (!part) return
    signal(part.pid, 'SIGSTOP')
    await delay(mostDamagedMs * random())
    signal(part.pid, 'SIGCONT')
  },
})

const cutOff = (role: Role, mode: FaultMode): Fault => ({
  name: `${role} to Redis: ${mode}`,
  thing: `line of ${role}`,
  async strike({ lines }, random) {
    await lines[role].set(mode)
    await delay(mostDamagedMs * random())
    await lines[role].set('pass')
  },
})

const redisKilled: Fault = {
  name: 'Redis SIGKILL',
  thing: 'Redis',
  async strike({ redis }, random) {
    await redis.kill('SIGKILL')
    await delay(mostDamagedMs * random())
    await redis.restart()
  },
}

const redisFrozen: Fault = {
  name: 'Redis frozen',
  thing: 'Redis',
  async strike({ redis }, random) {
    redis.freeze()
    await delay(mostDamagedMs * random())
    redis.thaw()
  },
}

/** It answers, and takes no writes. */
const redisRefuses = (
  name: string,
  damage: (redis: Redis) => Promise<unknown>,
  mend: (redis: Redis) => Promise<unknown>,
): Fault => ({
  name: `Redis ${name}`,
  thing: 'Redis',
  async strike(town, random) {
    const redis = connectRedis(town.redis.url, 'patient', pino({ level: 'silent' }))
    try {
      await damage(redis)
      await delay(mostDamagedMs * random())
      await mend(redis)
    } finally {
      redis.disconnect()
    }
  },
})

const engineFrozen: Fault = {
  name: 'engine frozen',
  thing: 'engine',
  async strike({ engine }, random) {
    engine?.freeze()
    await delay(mostDamagedMs * random())
    engine?.thaw()
  },
}

/** Kills what runs a step, the runner or the compose beneath it, and nothing else. */
const stepKilled = (whom: 'runner' | 'compose'): Fault => ({
  name: `${whom} SIGKILL`,
  thing: 'step',
  strike(town, random) {
    const all = stepProcesses(town.stateDir).filter(({ role }) => role === whom)
    const victim = pick(all, random)
    // Compose writes no `end` any more; of a runner that was killed, the end of its step is lost.
    if (victim && signal(victim.pid, 'SIGKILL'))
      town.note(`${whom === 'compose' ? 'killed' : 'orphaned'} ${victim.job} ${victim.step}`)
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
  redisRefuses(
    'takes no writes',
    (redis) => redis.config('SET', 'min-replicas-to-write', '1'),
    (redis) => redis.config('SET', 'min-replicas-to-write', '0'),
  ),
  redisRefuses(
    'out of memory',
    (redis) => redis.config('SET', 'maxmemory', '1'),
    (redis) => redis.config('SET', 'maxmemory', '0'),
  ),
  ...(mayHaveEngine ? [engineFrozen] : []),
  stepKilled('runner'),
  stepKilled('compose'),
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

function pick<Value>(values: readonly Value[], random: () => number): Value | undefined {
  return values[Math.floor(random() * values.length)]
}
